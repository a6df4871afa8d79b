package floorwalker.peers;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;

/** A record's value to the event, if it counts: the others go no further than here. */
class EventSchema implements DeserializationSchema<InteractionEvent> {
    private static final long serialVersionUID = 1;
    private transient InteractionReader reader;

    @Override
    public void open(InitializationContext context) {
        reader = new InteractionReader();
    }

    @Override
    public InteractionEvent deserialize(byte[] record) {
        Meter.read();
        InteractionEvent event = reader.read(record);
        return event.counts() ? event : null;
    }

    @Override
    public void deserialize(byte[] record, Collector<InteractionEvent> out) {
        InteractionEvent event = deserialize(record);

        if (event != null) {
            out.collect(event);
        }
    }

    @Override
    public boolean isEndOfStream(InteractionEvent event) {
        return false;
    }

    @Override
    public TypeInformation<InteractionEvent> getProducedType() {
        return TypeInformation.of(InteractionEvent.class);
    }
}
