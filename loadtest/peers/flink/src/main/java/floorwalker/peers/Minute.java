package floorwalker.peers;

/** A scope's figures of one minute. */
public class Minute extends Counts {
    public String scope;
    public long at;

    /** As a record of the topic of minutes. */
    public Told told() {
        Told told = new Told();

        told.key = scope + '|' + at;
        told.value = text();
        return told;
    }
}
