package floorwalker.peers;

/** The figures of a scope over some time, or what one event adds to them. */
public class Counts {
    /** So many deltas are in it. */
    public int deltas;
    public int offered;
    public int answered;
    public int answered20s;
    public int abandoned;
    public int handled;
    public long handleMs;

    public void add(Counts other) {
        deltas += other.deltas;
        offered += other.offered;
        answered += other.answered;
        answered20s += other.answered20s;
        abandoned += other.abandoned;
        handled += other.handled;
        handleMs += other.handleMs;
    }

    /** As it stands in the topic of windows. */
    public String text() {
        return offered + " " + answered + " " + answered20s + " " + abandoned + " " + handled + " "
                + handleMs;
    }
}
