package floorwalker.peers;

import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Says of which scope and minute a sum is. */
class ToMinute extends ProcessWindowFunction<Counts, Minute, String, TimeWindow> {
    private static final long serialVersionUID = 1;

    @Override
    public void process(String scope, Context context, Iterable<Counts> sums,
            Collector<Minute> out) {
        Minute minute = new Minute();

        minute.scope = scope;
        minute.at = context.window().getStart();
        for (Counts sum : sums) {
            minute.add(sum);
        }
        out.collect(minute);
    }
}
