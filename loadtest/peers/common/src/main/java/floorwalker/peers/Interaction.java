package floorwalker.peers;

import java.util.Arrays;

/** What is kept of an interaction: where it waits, since when it is served, which events it saw. */
public class Interaction {
    /** So long after its end an interaction is still known, so that repeated events are dropped. */
    public static final long KEPT_MS = 120_000;
    private static final long WITHIN_MS = 20_000;
    private static final long NONE = -1;

    public String scope;
    public long queuedAt = NONE;
    public long answeredAt = NONE;
    public long leftAt = NONE;
    public long endedAt = NONE;
    public long[] seen = new long[4];
    public int seenCount;

    /** What the event adds, or null: it is repeated, or none of the figures changes. */
    public Delta apply(InteractionEvent event) {
        if (!isNew(event.eventId)) {
            return null;
        }
        switch (event.type) {
            case InteractionEvent.QUEUED:
                return queued(event);
            case InteractionEvent.ANSWERED:
                return answered(event);
            case InteractionEvent.ABANDONED:
                return abandoned(event);
            case InteractionEvent.TRANSFERRED:
                return handled(event);
            case InteractionEvent.DISCONNECTED:
                endedAt = leftAt = event.at;
                return handled(event);
            case InteractionEvent.WRAP_END:
                endedAt = event.at;
                return handled(event);
            case InteractionEvent.WRAP_START:
                return wrapping(event);
            case InteractionEvent.CALLBACK_REQUESTED:
                queuedAt = NONE;
                return null;
            default: // FLOW_OUT, CLOSED
                queuedAt = NONE;
                endedAt = event.at;
                return null;
        }
    }

    /** Whether nothing of it is needed at that time. */
    public boolean isOver(long at) {
        return endedAt != NONE && at >= endedAt + KEPT_MS;
    }

    private boolean isNew(long eventId) {
        for (int i = 0; i < seenCount; i++) {
            if (seen[i] == eventId) {
                return false;
            }
        }
        if (seenCount == seen.length) {
            seen = Arrays.copyOf(seen, seenCount * 2);
        }
        seen[seenCount++] = eventId;
        return true;
    }

    private Delta delta(InteractionEvent event) {
        Delta delta = new Delta();

        delta.deltas = 1;
        delta.scope = scope;
        delta.at = event.at;
        return delta;
    }

    private Delta queued(InteractionEvent event) {
        scope = event.scope;
        queuedAt = event.at;
        endedAt = NONE;
        Delta delta = delta(event);
        delta.offered = 1;
        return delta;
    }

    private Delta answered(InteractionEvent event) {
        Delta delta = delta(event);

        delta.answered = 1;
        delta.answered20s = event.at - queuedAt <= WITHIN_MS ? 1 : 0;
        answeredAt = event.at;
        queuedAt = NONE;
        return delta;
    }

    private Delta abandoned(InteractionEvent event) {
        Delta delta = delta(event);

        delta.abandoned = 1;
        queuedAt = NONE;
        endedAt = event.at;
        return delta;
    }

    private Delta handled(InteractionEvent event) {
        Delta delta = delta(event);

        delta.handled = 1;
        delta.handleMs = event.at - answeredAt;
        return delta;
    }

    /** The leg goes on: what was counted when the customer left is taken back. */
    private Delta wrapping(InteractionEvent event) {
        Delta delta = delta(event);

        delta.handled = -1;
        delta.handleMs = answeredAt - leftAt;
        endedAt = NONE;
        return delta;
    }
}
