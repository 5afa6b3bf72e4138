package chip

import "fmt"

var activationNames = [...]string{"none", "ReLU", "SiLU", "GELU"}

// String is the name, or "none".
func (a Activation) String() string { return nameOf(activationNames[:], int(a)) }

var reduceNames = [...]string{"Sum", "Mean", "Max", "Min", "Prod"}

// String is the name.
func (k ReduceKind) String() string { return nameOf(reduceNames[:], int(k)) }

var randomNames = [...]string{"Uniform", "Normal", "Bernoulli"}

// String is the name.
func (k RandomKind) String() string { return nameOf(randomNames[:], int(k)) }

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprint(i)
}
