package floorwalker.peers;

import java.time.Duration;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Adds up by scope and minute what its partition makes, and sends the sums twice a second. */
class AddingStep extends InteractionStep {
    static final String SUMS = "sums";
    private static final Duration SEND_EVERY = Duration.ofMillis(500);
    private KeyValueStore<String, Counts> sums;

    @Override
    public void init(ProcessorContext<String, Counts> context) {
        super.init(context);
        sums = context.getStateStore(SUMS);
        context.schedule(SEND_EVERY, PunctuationType.WALL_CLOCK_TIME, this::sendSums);
    }

    @Override
    void tell(Delta delta) {
        String key = delta.scope + '@' + delta.at / ServiceLevel.MINUTE_MS;
        Counts before = sums.get(key);
        Counts sum = before == null ? new Counts() : before;

        sum.add(delta);
        sums.put(key, sum);
    }

    private void sendSums(long ignored) {
        try (KeyValueIterator<String, Counts> all = sums.all()) {
            while (all.hasNext()) {
                KeyValue<String, Counts> one = all.next();
                int cut = one.key.lastIndexOf('@');
                long minute = Long.parseLong(one.key.substring(cut + 1));

                send(one.key.substring(0, cut), one.value, minute * ServiceLevel.MINUTE_MS);
                sums.delete(one.key);
            }
        }
    }
}
