package floorwalker.peers;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.Stores;

/**
 * The job on Kafka Streams: StreamsJob BROKERS INPUT OUTPUT_PREFIX RECORDS FOLDER [adding]. Ends
 * when it has read so many records, and what they add has come to its windows. With `adding` each
 * partition adds up before the repartition.
 */
public final class StreamsJob {
    private static final int THREADS = 4;
    private static final Duration GRACE = Duration.ofMinutes(10);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final long LOOK_MS = 10;

    private StreamsJob() {}

    public static void main(String[] arguments) throws InterruptedException {
        boolean adding = arguments.length > 5 && arguments[5].equals("adding");
        long records = Long.parseLong(arguments[3]);
        CountDownLatch failed = new CountDownLatch(1);
        Properties settings = settings(arguments[0], arguments[2], arguments[4]);
        KafkaStreams streams =
                new KafkaStreams(topology(arguments[1], arguments[2], adding), settings);

        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            failed.countDown();
            return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        Thread watch = new Thread(() -> watch(records));
        watch.setDaemon(true);
        watch.start();
        while (!Progress.isComplete(records) && failed.getCount() > 0) {
            Thread.sleep(LOOK_MS);
        }
        System.out.println("late " + dropped(streams));
        streams.close();
        System.exit(failed.getCount() > 0 ? 0 : 1);
    }

    private static Properties settings(String brokers, String prefix, String folder) {
        Properties settings = new Properties();

        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, prefix + "streams");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, THREADS);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG),
                "earliest");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        return settings;
    }

    private static Topology topology(String input, String prefix, boolean adding) {
        StreamsBuilder builder = new StreamsBuilder();

        addStores(builder, adding);
        KStream<Windowed<String>, Counts> minutes = counted(builder, input, adding)
                .repartition(Repartitioned.with(Serdes.String(), Codecs.counts())
                        .withName("scopes"))
                .peek((scope, counts) -> Progress.arrived(counts))
                .groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(MINUTE, GRACE))
                .aggregate(Counts::new, (scope, counts, sum) -> {
                    sum.add(counts);
                    return sum;
                }, Materialized.<String, Counts>as(Stores.inMemoryWindowStore("minutes",
                        MINUTE.plus(GRACE), MINUTE, false))
                        .withKeySerde(Serdes.String()).withValueSerde(Codecs.counts()))
                .toStream();
        minutes.map((at, sum) -> KeyValue.pair(at.key() + '|' + at.window().start(), sum.text()))
                .to(prefix + "minutes", Produced.with(Serdes.String(), Serdes.String()));
        minutes.process(AlertStep::new, AlertStep.STORE)
                .to(prefix + "alerts", Produced.with(Serdes.String(), Serdes.String()));
        return builder.build();
    }

    private static KStream<String, Counts> counted(StreamsBuilder builder, String input,
            boolean adding) {
        KStream<String, InteractionEvent> events = builder.stream(input,
                Consumed.with(Serdes.String(), Codecs.events())
                        .withTimestampExtractor((record, before) ->
                                ((InteractionEvent) record.value()).at));

        return adding
                ? events.process(AddingStep::new, InteractionStep.STORE, AddingStep.SUMS)
                : events.process(InteractionStep::new, InteractionStep.STORE);
    }

    private static void addStores(StreamsBuilder builder, boolean adding) {
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(InteractionStep.STORE), Serdes.String(),
                Codecs.interactions()));
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(AlertStep.STORE), Serdes.String(), Codecs.levels()));
        if (adding) {
            builder.addStateStore(Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore(AddingStep.SUMS), Serdes.String(),
                    Codecs.counts()).withCachingEnabled());
        }
    }

    private static void watch(long records) {
        try {
            Meter.watch(records);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the windows left out because it came too late. */
    private static long dropped(KafkaStreams streams) {
        double sum = 0;

        for (Metric metric : streams.metrics().values()) {
            if (metric.metricName().name().equals("dropped-records-total")) {
                sum += (double) metric.metricValue();
            }
        }
        return (long) sum;
    }
}
