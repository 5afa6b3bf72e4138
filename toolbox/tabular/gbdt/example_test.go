package gbdt_test

import (
	"context"
	"fmt"

	"github.com/macaw-ai/macaw/toolbox/tabular/gbdt"
)

func ExampleTrain() {
	x := []float32{1, 2, 3, 4, 5, 6} // one column
	y := []float32{0, 0, 0, 1, 1, 1} // classes
	model, err := gbdt.Train(context.Background(), gbdt.Quantise(x, 1, 255, 1), y, gbdt.Data{},
		gbdt.Options{Loss: gbdt.Logistic, Rounds: 20, MinRows: 1}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, score := range model.Predict([]float32{2.4, 4.6}, 1) {
		fmt.Println(score > 0)
	}
	// Output:
	// false
	// true
}
