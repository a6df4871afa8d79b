package floorwalker.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** What is told as a record of one topic. */
class ToldSchema implements KafkaRecordSerializationSchema<Told> {
    private static final long serialVersionUID = 1;
    private final String topic;

    ToldSchema(String topic) {
        this.topic = topic;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(Told told, KafkaSinkContext context, Long at) {
        return new ProducerRecord<>(topic, told.key.getBytes(UTF_8), told.value.getBytes(UTF_8));
    }
}
