package floorwalker.peers;

import java.nio.charset.StandardCharsets;

/**
 * Reads the Avro InteractionEvent of schemas/InteractionEvent.avsc behind its header (a zero and
 * the schema's id): by hand, fields that are not needed are skipped, nothing after the last needed
 * one is looked at. Not for several threads at once.
 */
public final class InteractionReader {
    private static final int HEADER_BYTES = 5;
    private static final String[] CHANNELS = {
        "UNKNOWN", "VOICE", "CHAT", "EMAIL", "SOCIAL", "MESSAGING", "TICKET"};

    private byte[] bytes;
    private int place;
    private int schemaId = -1;

    public InteractionEvent read(byte[] record) {
        InteractionEvent event = new InteractionEvent();

        bytes = record;
        checkHeader();
        event.eventId = hash();
        String tenant = string();
        skipString(); // vendor_id
        String site = string();
        skipString(); // source
        skipOptionalLong(); // source_seq
        event.at = number();
        skipOptionalLong(); // emitted_at
        number(); // revision
        event.interactionId = string();
        skipOptionalString(); // journey_id
        skipOptionalString(); // parent_interaction_id
        skipOptionalString(); // customer_key
        String channel = CHANNELS[(int) number()];
        number(); // direction
        number(); // initiation
        event.type = (int) number();
        String queue = number() == 0 ? "" : string();
        if (event.counts()) {
            event.scope = tenant + '|' + site + '|' + queue + '|' + channel;
        }
        return event;
    }

    private void checkHeader() {
        if (bytes[0] != 0) {
            throw new IllegalArgumentException("no schema id in front of the record");
        }
        int id = (bytes[1] & 0xff) << 24 | (bytes[2] & 0xff) << 16 | (bytes[3] & 0xff) << 8
                | bytes[4] & 0xff;
        if (schemaId == -1) {
            schemaId = id;
        }
        if (id != schemaId) {
            throw new IllegalArgumentException("a second schema: " + id);
        }
        place = HEADER_BYTES;
    }

    private long number() {
        long zigzag = 0;
        int shift = 0;
        byte next;

        do {
            next = bytes[place++];
            zigzag |= (long) (next & 0x7f) << shift;
            shift += 7;
        } while (next < 0);
        return zigzag >>> 1 ^ -(zigzag & 1);
    }

    private String string() {
        int length = (int) number();
        String text = new String(bytes, place, length, StandardCharsets.UTF_8);

        place += length;
        return text;
    }

    private void skipString() {
        int length = (int) number();
        place += length;
    }

    private void skipOptionalString() {
        if (number() != 0) {
            skipString();
        }
    }

    private void skipOptionalLong() {
        if (number() != 0) {
            number();
        }
    }

    /** FNV-1a of a string's bytes. */
    private long hash() {
        int end = (int) number();
        long hash = 0xcbf29ce484222325L;

        end += place;
        for (; place < end; place++) {
            hash = (hash ^ bytes[place] & 0xff) * 0x100000001b3L;
        }
        return hash;
    }
}
