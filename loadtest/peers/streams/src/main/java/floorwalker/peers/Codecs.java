package floorwalker.peers;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** The bytes of what is kept in stores and sent between the steps. */
final class Codecs {
    private static final int COUNTS_BYTES = 6 * Integer.BYTES + Long.BYTES;
    private static final int LEVEL_BYTES =
            ServiceLevel.MINUTES * (Long.BYTES + 2 * Integer.BYTES) + Long.BYTES + 1;

    private Codecs() {}

    /** Events are only read; each thread has a reader of its own. */
    static Serde<InteractionEvent> events() {
        ThreadLocal<InteractionReader> reader = ThreadLocal.withInitial(InteractionReader::new);

        return Serdes.serdeFrom((topic, event) -> {
            throw new UnsupportedOperationException("events are only read");
        }, (topic, bytes) -> {
            Meter.read();
            return reader.get().read(bytes);
        });
    }

    static Serde<Counts> counts() {
        return Serdes.serdeFrom((topic, counts) -> counts == null ? null : write(counts),
                (topic, bytes) -> bytes == null ? null : readCounts(bytes));
    }

    static Serde<Interaction> interactions() {
        return Serdes.serdeFrom((topic, kept) -> kept == null ? null : write(kept),
                (topic, bytes) -> bytes == null ? null : readInteraction(bytes));
    }

    static Serde<ServiceLevel> levels() {
        return Serdes.serdeFrom((topic, level) -> level == null ? null : write(level),
                (topic, bytes) -> bytes == null ? null : readLevel(bytes));
    }

    private static byte[] write(Counts counts) {
        return ByteBuffer.allocate(COUNTS_BYTES).putInt(counts.deltas).putInt(counts.offered)
                .putInt(counts.answered).putInt(counts.answered20s).putInt(counts.abandoned)
                .putInt(counts.handled).putLong(counts.handleMs).array();
    }

    private static Counts readCounts(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Counts counts = new Counts();

        counts.deltas = in.getInt();
        counts.offered = in.getInt();
        counts.answered = in.getInt();
        counts.answered20s = in.getInt();
        counts.abandoned = in.getInt();
        counts.handled = in.getInt();
        counts.handleMs = in.getLong();
        return counts;
    }

    private static byte[] write(Interaction kept) {
        byte[] scope = kept.scope == null ? new byte[0]
                : kept.scope.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(
                Integer.BYTES + (4 + kept.seenCount) * Long.BYTES + scope.length);

        out.putInt(kept.seenCount).putLong(kept.queuedAt).putLong(kept.answeredAt)
                .putLong(kept.leftAt).putLong(kept.endedAt);
        for (int i = 0; i < kept.seenCount; i++) {
            out.putLong(kept.seen[i]);
        }
        return out.put(scope).array();
    }

    private static Interaction readInteraction(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Interaction kept = new Interaction();

        kept.seenCount = in.getInt();
        kept.queuedAt = in.getLong();
        kept.answeredAt = in.getLong();
        kept.leftAt = in.getLong();
        kept.endedAt = in.getLong();
        kept.seen = new long[kept.seenCount + 1];
        for (int i = 0; i < kept.seenCount; i++) {
            kept.seen[i] = in.getLong();
        }
        kept.scope = new String(bytes, in.position(), in.remaining(), StandardCharsets.UTF_8);
        return kept;
    }

    private static byte[] write(ServiceLevel level) {
        ByteBuffer out = ByteBuffer.allocate(LEVEL_BYTES);

        out.putLong(level.latest).put((byte) (level.firing ? 1 : 0));
        for (int i = 0; i < ServiceLevel.MINUTES; i++) {
            out.putLong(level.minute[i]).putInt(level.offered[i]).putInt(level.answered20s[i]);
        }
        return out.array();
    }

    private static ServiceLevel readLevel(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        ServiceLevel level = new ServiceLevel();

        level.latest = in.getLong();
        level.firing = in.get() != 0;
        for (int i = 0; i < ServiceLevel.MINUTES; i++) {
            level.minute[i] = in.getLong();
            level.offered[i] = in.getInt();
            level.answered20s[i] = in.getInt();
        }
        return level;
    }
}
