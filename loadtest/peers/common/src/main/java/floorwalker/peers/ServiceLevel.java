package floorwalker.peers;

/**
 * 80/20 of one scope over its last 30 minutes, from the figures of single minutes: FIRING below
 * 80 % of at least 20 offered, RESOLVED from 83 % on. A minute may be told again; the last word on
 * it stands.
 */
public class ServiceLevel {
    public static final int MINUTES = 30;
    public static final long MINUTE_MS = 60_000;
    private static final int TARGET = 80;
    private static final int CLEAR = 83;
    private static final int SAMPLE_MIN = 20;

    public long[] minute = new long[MINUTES];
    public int[] offered = new int[MINUTES];
    public int[] answered20s = new int[MINUTES];
    public long latest;
    public boolean firing;

    /** FIRING or RESOLVED with the share of answered in time, or null if nothing changes. */
    public String tell(long minuteAt, Counts counts) {
        long number = minuteAt / MINUTE_MS;
        int slot = (int) (number % MINUTES);

        if (number + MINUTES <= latest) {
            return null;
        }
        latest = Math.max(latest, number);
        minute[slot] = number;
        offered[slot] = counts.offered;
        answered20s[slot] = counts.answered20s;
        return judge();
    }

    private String judge() {
        long all = 0;
        long inTime = 0;

        for (int i = 0; i < MINUTES; i++) {
            if (minute[i] + MINUTES > latest) {
                all += offered[i];
                inTime += answered20s[i];
            }
        }
        boolean low = inTime * 100 < all * (firing ? CLEAR : TARGET);
        if (all < SAMPLE_MIN || low == firing) {
            return null;
        }
        firing = low;
        return (firing ? "FIRING " : "RESOLVED ") + inTime + "/" + all;
    }
}
