package floorwalker.peers;

import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Judges a scope's service level with each minute that is told. */
class AlertStep implements Processor<Windowed<String>, Counts, String, String> {
    static final String STORE = "levels";
    private ProcessorContext<String, String> context;
    private KeyValueStore<String, ServiceLevel> store;

    @Override
    public void init(ProcessorContext<String, String> processorContext) {
        context = processorContext;
        store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<Windowed<String>, Counts> minute) {
        String scope = minute.key().key();
        ServiceLevel kept = store.get(scope);
        ServiceLevel level = kept == null ? new ServiceLevel() : kept;
        String told = level.tell(minute.key().window().start(), minute.value());

        store.put(scope, level);
        if (told != null) {
            context.forward(new Record<>(scope, told, minute.timestamp()));
        }
    }
}
