package floorwalker.peers;

/** What one event adds to the figures of its scope. */
public class Delta extends Counts {
    public String scope;
    public long at;
}
