package ridge_test

import (
	"context"
	"fmt"

	"github.com/macaw-ai/macaw/toolbox/tabular/ridge"
)

func ExampleRegression_Solve() {
	r, err := ridge.New(context.Background(), []float32{1, 2, 3}, 1, []float32{2, 4, 6}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l2 := range []float64{0.001, 2} {
		m, err := r.Solve(l2)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.2f x + %.2f\n", m.W[0], m.B[0])
	}
	// Output:
	// 2.00 x + 0.00
	// 1.00 x + 2.00
}
