package floorwalker.peers;

/** What the job needs of an InteractionEvent. Public fields: a POJO that Flink serializes fast. */
public class InteractionEvent {
    public static final int QUEUED = 2;
    public static final int ANSWERED = 7;
    public static final int TRANSFERRED = 18;
    public static final int CALLBACK_REQUESTED = 20;
    public static final int ABANDONED = 22;
    public static final int FLOW_OUT = 23;
    public static final int DISCONNECTED = 28;
    public static final int WRAP_START = 29;
    public static final int WRAP_END = 30;
    public static final int CLOSED = 33;

    private static final long COUNTED = 1L << QUEUED | 1L << ANSWERED | 1L << TRANSFERRED
            | 1L << CALLBACK_REQUESTED | 1L << ABANDONED | 1L << FLOW_OUT | 1L << DISCONNECTED
            | 1L << WRAP_START | 1L << WRAP_END | 1L << CLOSED;

    /** A hash of event_id. */
    public long eventId;
    /** Epoch ms UTC. */
    public long at;
    public int type;
    public String interactionId;
    /** tenant|site|queue|channel. */
    public String scope;

    /** Whether the event can change one of the figures; the others need not travel. */
    public boolean counts() {
        return type < 64 && (COUNTED >>> type & 1) != 0;
    }
}
