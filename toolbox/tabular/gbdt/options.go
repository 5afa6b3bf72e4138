package gbdt

import "fmt"

// Loss is what boosting minimises.
type Loss uint8

const (
	Squared  Loss = iota // ½(y − f)²; one output
	Logistic             // −log p of class 0 or 1, p = sigmoid(f); one output
	Softmax              // −log p of class y, p = softmax(f); one output per class
)

// Options configures Train. The zero value of a field means its default.
type Options struct {
	Loss         Loss
	Classes      int     // of Softmax
	Rounds       int     // at most so many; 0 means 100. A round grows one tree per output
	LearningRate float64 // 0 means 0.1
	MaxLeaves    int     // 0 means 31
	MaxDepth     int     // 0 means no limit
	MinRows      int     // least rows of a leaf; 0 means 20
	MinWeight    float64 // least sum of hessians of a leaf; 0 means 1e-3
	L2           float64 // added to the sum of hessians of a leaf
	MinGain      float64 // a split must gain more
	RowShare     float64 // share of the rows drawn for each tree; 0 means 1
	ColumnShare  float64 // share of the columns drawn for each tree; 0 means 1
	NodeShare    float64 // share of the tree's columns drawn for each node; 0 means 1
	Random       bool    // try one random threshold per column and node ("extra trees")
	Patience     int     // stop after so many rounds without a better validation loss; 0 means never
	Threads      int     // 0 means 1; the result is the same for any
	Seed         uint64
	Stop         func() bool // asked before each round; true ends the training with what there is; may be nil
}

func (o Options) withDefaults() Options {
	set := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	count := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	count(&o.Rounds, 100)
	count(&o.MaxLeaves, 31)
	count(&o.MinRows, 20)
	count(&o.Threads, 1)
	set(&o.LearningRate, 0.1)
	set(&o.MinWeight, 1e-3)
	set(&o.RowShare, 1)
	set(&o.ColumnShare, 1)
	set(&o.NodeShare, 1)
	return o
}

func (o Options) validate() error {
	switch {
	case o.Loss == Softmax && o.Classes < 2:
		return fmt.Errorf("gbdt: softmax needs at least 2 classes, got %d", o.Classes)
	case o.Rounds < 1, o.MaxLeaves < 2, o.MinRows < 1, o.MaxDepth < 0, o.Patience < 0:
		return fmt.Errorf("gbdt: counts must be positive: %+v", o)
	case o.LearningRate < 0, o.L2 < 0, o.MinWeight < 0, o.MinGain < 0:
		return fmt.Errorf("gbdt: rates must not be negative: %+v", o)
	case o.RowShare < 0, o.RowShare > 1, o.ColumnShare < 0, o.ColumnShare > 1, o.NodeShare < 0, o.NodeShare > 1:
		return fmt.Errorf("gbdt: shares lie in (0,1]: %+v", o)
	}
	return nil
}

// outputs returns the number of trees of a round.
func (o Options) outputs() int {
	if o.Loss == Softmax {
		return o.Classes
	}
	return 1
}
