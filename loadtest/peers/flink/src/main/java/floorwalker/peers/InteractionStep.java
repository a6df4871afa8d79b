package floorwalker.peers;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Keeps each interaction, and tells what an event of it adds to the figures. */
class InteractionStep extends KeyedProcessFunction<String, InteractionEvent, Delta> {
    private static final long serialVersionUID = 1;
    private transient ValueState<Interaction> state;

    @Override
    public void open(OpenContext context) {
        state = getRuntimeContext()
                .getState(new ValueStateDescriptor<>("interaction", Interaction.class));
    }

    @Override
    public void processElement(InteractionEvent event, Context context, Collector<Delta> out)
            throws Exception {
        Interaction interaction = state.value();

        if (interaction == null) {
            interaction = new Interaction();
        }
        long ended = interaction.endedAt;
        Delta delta = interaction.apply(event);
        state.update(interaction);
        if (interaction.endedAt >= 0 && interaction.endedAt != ended) {
            context.timerService()
                    .registerEventTimeTimer(interaction.endedAt + Interaction.KEPT_MS);
        }
        if (delta != null) {
            out.collect(delta);
        }
    }

    @Override
    public void onTimer(long at, OnTimerContext context, Collector<Delta> out) throws Exception {
        Interaction interaction = state.value();

        if (interaction != null && interaction.isOver(at)) {
            state.clear();
        }
    }
}
