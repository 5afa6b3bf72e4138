package forest_test

import (
	"context"
	"fmt"

	"github.com/macaw-ai/macaw/toolbox/tabular/forest"
)

func ExampleTrain() {
	x := []float32{1, 2, 3, 10, 11, 12} // one column
	y := []float32{0, 0, 0, 1, 1, 1}    // classes
	model, err := forest.Train(context.Background(), x, 1, y, forest.Options{Classes: 2, Trees: 20}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := model.Predict([]float32{2, 11}, 1) // [rows, classes]
	fmt.Printf("%.2f %.2f\n", p[1], p[3])
	// Output: 0.00 1.00
}
