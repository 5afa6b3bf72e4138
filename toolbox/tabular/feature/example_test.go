package feature_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

func ExampleFitDense() {
	source := feature.NewSource(&data.Table{Rows: 4, Columns: []*data.Series{
		{Column: data.Column{Name: "weight", Type: data.Number}, Floats: []float32{1, 3, 1, 3}},
		{Column: data.Column{Name: "colour", Type: data.Category}, Strings: []string{"red", "blue", "red", "green"}},
	}})
	encoder := feature.FitDense(source, []int{0, 1, 2}, feature.DenseOptions{}) // row 3 is not looked at
	for r := range 4 {
		fmt.Printf("%.2f\n", encoder.Transform([]int{r}))
	}
	// Output:
	// [-0.71 1.00 0.00]
	// [1.41 0.00 1.00]
	// [-0.71 1.00 0.00]
	// [1.41 0.00 0.00]
}
