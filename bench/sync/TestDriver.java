// SPDX-License-Identifier: Apache-2.0

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Properties;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.SessionStore;

/**
 * The workloads of bench-sync that the anchors' Ttd lacks, session-* and streams-*, through
 * TopologyTestDriver, with the same topologies and input. Arguments and output as those of Ttd:
 *
 *     java -cp CLASSPATH bench/sync/TestDriver.java CASE RECORDS ITERATIONS LINES_FILE
 */
public final class TestDriver {
    private static final Duration GAP = Duration.ofMillis(5000);

    private static void sessions(KStream<String, String> in, boolean memory) {
        in.groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(GAP))
            .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("sessions")
                .withStoreType(memory ? Materialized.StoreType.IN_MEMORY : Materialized.StoreType.ROCKS_DB))
            .toStream((window, count) -> window.key())
            .to("out", Produced.with(Serdes.String(), Serdes.Long()));
    }

    private static void streams(KStream<String, String> in, boolean memory) {
        KStream<String, String> other = in.filter((key, line) -> line.isEmpty() || line.charAt(0) != 'A');
        in.join(other, (left, right) -> left.length() <= right.length() ? left : right,
                JoinWindows.ofTimeDifferenceWithNoGrace(GAP).after(Duration.ZERO),
                StreamJoined.<String, String, String>with(memory
                        ? BuiltInDslStoreSuppliers.IN_MEMORY : BuiltInDslStoreSuppliers.ROCKS_DB)
                    .withKeySerde(Serdes.String())
                    .withValueSerde(Serdes.String())
                    .withOtherValueSerde(Serdes.String()))
            .to("out", Produced.with(Serdes.String(), Serdes.String()));
    }

    private static Topology topology(String name) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, String> in = builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()));
        boolean memory = name.endsWith("-mem");
        if (name.startsWith("session-")) {
            sessions(in, memory);
        } else if (name.startsWith("streams-")) {
            streams(in, memory);
        } else {
            throw new IllegalArgumentException(name);
        }
        return builder.build();
    }

    private static Properties config(Path directory) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "app");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
        config.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
        config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        return config;
    }

    /** A line of one of 1,000 phones every 10 ms; the output is read after every 100. */
    private static long feed(TopologyTestDriver driver, String name, int records, String[] lines) {
        Deserializer<?> value = name.startsWith("session-") ? new LongDeserializer() : new StringDeserializer();
        TestOutputTopic<String, ?> out = driver.createOutputTopic("out", new StringDeserializer(), value);
        TestInputTopic<String, String> in =
            driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
        Random random = new Random(7);
        String[] phones = new String[1000];
        Arrays.setAll(phones, i -> String.format(Locale.ROOT, "+1415555%04d", i));
        long read = 0;
        for (int i = 0; i < records; i++) {
            in.pipeInput(phones[random.nextInt(phones.length)], lines[i % lines.length], 1000L + i * 10L);
            if (i % 100 == 99) {
                read += out.readKeyValuesToList().size();
            }
        }
        return read + out.readKeyValuesToList().size();
    }

    public static void main(String[] args) throws Exception {
        String name = args[0];
        int records = Integer.parseInt(args[1]);
        double[] rates = new double[Integer.parseInt(args[2])];
        String[] lines = Files.readAllLines(Path.of(args[3])).toArray(new String[0]);
        long outputs = 0;
        for (int i = 0; i < rates.length; i++) {
            Path directory = Files.createTempDirectory("ttd");
            try (TopologyTestDriver driver = new TopologyTestDriver(topology(name), config(directory))) {
                long start = System.nanoTime();
                outputs = feed(driver, name, records, lines);
                rates[i] = records / ((System.nanoTime() - start) / 1e9);
            }
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
        double[] warm = Arrays.copyOfRange(rates, 1, rates.length);
        Arrays.sort(warm);
        System.out.printf(Locale.ROOT,
            "%s %d records x %d, outputs %d; rec/s first %.0f warm min %.0f median %.0f max %.0f%n", name, records,
            rates.length, outputs, rates[0], warm[0], warm[warm.length / 2], warm[warm.length - 1]);
    }
}
