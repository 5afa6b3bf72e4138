package train

import (
	"context"
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Program is what Predict needs of a compiled graph.
type Program interface {
	Run(inputs ...*tensor.Tensor) ([]*tensor.Tensor, error)
}

// Predict runs p on all samples of src, taken as they are, in batches of batch
// rows, and returns the rows of its first output, float32, one after the other.
// inputs describe the tensors of a batch; the last batch is filled up with
// repeated samples, so that the program is specialised for one shape only.
func Predict(ctx context.Context, p Program, src Source, inputs []Input, batch int) ([]float32, error) {
	n := src.Len()
	batch = min(batch, n)
	if n == 0 {
		return nil, nil
	}
	rows, index := NewBatch(inputs, batch), make([]int, batch)
	var out []float32
	for at := 0; at < n; at += batch {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		for i := range index {
			index[i] = min(at+i, n-1)
		}
		src.Fill(rows, index, nil)
		got, err := p.Run(rows...)
		if err != nil {
			return nil, fmt.Errorf("evaluate samples %d to %d: %w", at, min(at+batch, n), err)
		}
		v := got[0].Float32s()
		width := len(v) / batch
		if out == nil {
			out = make([]float32, 0, n*width)
		}
		out = append(out, v[:min(batch, n-at)*width]...)
	}
	return out, nil
}
