package floorwalker.peers;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Judges a scope's service level with each minute that is told. */
class AlertStep extends KeyedProcessFunction<String, Minute, Told> {
    private static final long serialVersionUID = 1;
    private transient ValueState<ServiceLevel> state;

    @Override
    public void open(OpenContext context) {
        state = getRuntimeContext()
                .getState(new ValueStateDescriptor<>("level", ServiceLevel.class));
    }

    @Override
    public void processElement(Minute minute, Context context, Collector<Told> out)
            throws Exception {
        ServiceLevel level = state.value();

        if (level == null) {
            level = new ServiceLevel();
        }
        Told told = new Told();
        told.key = minute.scope;
        told.value = level.tell(minute.at, minute);
        state.update(level);
        if (told.value != null) {
            out.collect(told);
        }
    }
}
