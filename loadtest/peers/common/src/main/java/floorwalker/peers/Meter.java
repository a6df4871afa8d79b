package floorwalker.peers;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.LongAdder;

/** Counts the records read, and tells the rate between the first and the last of them. */
public final class Meter {
    private static final long LOOK_MS = 5;
    private static final LongAdder READ = new LongAdder();

    private Meter() {}

    public static void read() {
        READ.increment();
    }

    /** Waits until so many have been read; prints their number, seconds and CPU seconds. */
    public static void watch(long records) throws InterruptedException {
        while (READ.sum() == 0) {
            Thread.sleep(LOOK_MS);
        }
        long began = System.nanoTime();
        long cpu = cpuNs();
        while (READ.sum() < records) {
            Thread.sleep(LOOK_MS);
        }
        System.out.printf("steady %d %.3f %.3f%n", READ.sum(), (System.nanoTime() - began) / 1e9,
                (cpuNs() - cpu) / 1e9);
    }

    private static long cpuNs() {
        OperatingSystemMXBean system =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

        return system.getProcessCpuTime();
    }
}
