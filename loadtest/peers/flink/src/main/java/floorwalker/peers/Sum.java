package floorwalker.peers;

import org.apache.flink.api.common.functions.AggregateFunction;

/** Adds up what the events of a minute add. */
class Sum implements AggregateFunction<Delta, Counts, Counts> {
    private static final long serialVersionUID = 1;

    @Override
    public Counts createAccumulator() {
        return new Counts();
    }

    @Override
    public Counts add(Delta delta, Counts sum) {
        sum.add(delta);
        return sum;
    }

    @Override
    public Counts getResult(Counts sum) {
        return sum;
    }

    @Override
    public Counts merge(Counts one, Counts other) {
        one.add(other);
        return one;
    }
}
