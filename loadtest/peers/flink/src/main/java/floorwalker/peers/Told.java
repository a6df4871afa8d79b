package floorwalker.peers;

/** A record of one of the result topics. */
public class Told {
    public String key;
    public String value;
}
