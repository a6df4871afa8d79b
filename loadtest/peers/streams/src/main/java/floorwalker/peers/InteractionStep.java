package floorwalker.peers;

import java.time.Duration;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps each interaction, and tells what an event of it adds to the figures of its scope. */
class InteractionStep implements Processor<String, InteractionEvent, String, Counts> {
    static final String STORE = "interactions";
    private ProcessorContext<String, Counts> context;
    private KeyValueStore<String, Interaction> store;

    @Override
    public void init(ProcessorContext<String, Counts> processorContext) {
        context = processorContext;
        store = context.getStateStore(STORE);
        context.schedule(Duration.ofMillis(Interaction.KEPT_MS), PunctuationType.STREAM_TIME,
                this::forget);
    }

    @Override
    public void process(Record<String, InteractionEvent> record) {
        InteractionEvent event = record.value();

        if (event.counts()) {
            Interaction kept = store.get(event.interactionId);
            Interaction interaction = kept == null ? new Interaction() : kept;
            Delta delta = interaction.apply(event);

            store.put(event.interactionId, interaction);
            if (delta != null) {
                Progress.made();
                tell(delta);
            }
        }
        Progress.DONE.increment();
    }

    void tell(Delta delta) {
        send(delta.scope, delta, delta.at);
    }

    void send(String scope, Counts counts, long at) {
        context.forward(new Record<>(scope, counts, at));
    }

    private void forget(long at) {
        try (KeyValueIterator<String, Interaction> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, Interaction> one = all.next();

                if (one.value.isOver(at)) {
                    store.delete(one.key);
                }
            }
        }
    }
}
