package floorwalker.peers;

import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Counts what came too late for its minute; the cluster is within this process. */
class CountLate extends ProcessFunction<Delta, Delta> {
    private static final long serialVersionUID = 1;
    private static final LongAdder DROPPED = new LongAdder();

    static long dropped() {
        return DROPPED.sum();
    }

    @Override
    public void processElement(Delta delta, Context context, Collector<Delta> out) {
        DROPPED.increment();
    }
}
