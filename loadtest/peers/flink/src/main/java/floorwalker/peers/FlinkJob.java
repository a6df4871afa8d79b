package floorwalker.peers;

import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.util.OutputTag;

/**
 * The job on Flink, in a cluster within this process: FlinkJob BROKERS INPUT OUTPUT_PREFIX RECORDS
 * CHECKPOINT_FOLDER. Ends when it has read what the topic held at its start.
 */
public final class FlinkJob {
    private static final int PARALLELISM = 2;
    private static final Duration CHECKPOINT_EVERY = Duration.ofSeconds(1);
    private static final Duration DISORDER = Duration.ofSeconds(10);
    private static final Duration LATE = Duration.ofMinutes(10);
    private static final String TRANSACTION_MS = "600000";

    private FlinkJob() {}

    public static void main(String[] arguments) throws Exception {
        String brokers = arguments[0];
        String prefix = arguments[2];
        long records = Long.parseLong(arguments[3]);
        StreamExecutionEnvironment environment = environment(arguments[4]);
        OutputTag<Delta> late = new LateTag();

        SingleOutputStreamOperator<Minute> minutes = environment
                .fromSource(source(brokers, arguments[1]), watermarks(), "interactions")
                .keyBy(event -> event.interactionId)
                .process(new InteractionStep())
                .keyBy(delta -> delta.scope)
                .window(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
                .allowedLateness(LATE)
                .sideOutputLateData(late)
                .aggregate(new Sum(), new ToMinute());
        DataStream<Told> alerts = minutes.keyBy(minute -> minute.scope).process(new AlertStep());

        minutes.map(Minute::told).returns(Told.class).sinkTo(sink(brokers, prefix + "minutes"));
        alerts.sinkTo(sink(brokers, prefix + "alerts"));
        minutes.getSideOutput(late).process(new CountLate());

        Thread watch = new Thread(() -> watch(records));
        watch.setDaemon(true);
        watch.start();
        environment.execute("peer");
        watch.join(1000);
        System.out.println("late " + CountLate.dropped());
    }

    private static StreamExecutionEnvironment environment(String folder) {
        Configuration settings = new Configuration();

        settings.set(PipelineOptions.OBJECT_REUSE, true);
        settings.set(PipelineOptions.GENERIC_TYPES, false);
        settings.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + folder);
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, settings);
        environment.enableCheckpointing(CHECKPOINT_EVERY.toMillis(),
                CheckpointingMode.EXACTLY_ONCE);
        return environment;
    }

    private static KafkaSource<InteractionEvent> source(String brokers, String topic) {
        return KafkaSource.<InteractionEvent>builder()
                .setBootstrapServers(brokers)
                .setTopics(topic)
                .setGroupId("peer-flink")
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setBounded(OffsetsInitializer.latest())
                .setDeserializer(KafkaRecordDeserializationSchema.valueOnly(new EventSchema()))
                .build();
    }

    private static WatermarkStrategy<InteractionEvent> watermarks() {
        return WatermarkStrategy.<InteractionEvent>forBoundedOutOfOrderness(DISORDER)
                .withTimestampAssigner((event, ignored) -> event.at);
    }

    private static KafkaSink<Told> sink(String brokers, String topic) {
        return KafkaSink.<Told>builder()
                .setBootstrapServers(brokers)
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(topic)
                .setProperty("transaction.timeout.ms", TRANSACTION_MS)
                .setRecordSerializer(new ToldSchema(topic))
                .build();
    }

    private static void watch(long records) {
        try {
            Meter.watch(records);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** A tag keeps its type by being a class. */
    private static final class LateTag extends OutputTag<Delta> {
        private static final long serialVersionUID = 1;

        LateTag() {
            super("late");
        }
    }
}
