package floorwalker.peers;

import java.util.concurrent.atomic.LongAdder;

/** Whether all that was read has come to its window; both halves of the job are in this process. */
final class Progress {
    static final LongAdder DONE = new LongAdder();
    private static final LongAdder MADE = new LongAdder();
    private static final LongAdder ARRIVED = new LongAdder();

    private Progress() {}

    static void made() {
        MADE.increment();
    }

    static void arrived(Counts counts) {
        ARRIVED.add(counts.deltas);
    }

    static boolean isComplete(long records) {
        return DONE.sum() >= records && ARRIVED.sum() >= MADE.sum();
    }
}
