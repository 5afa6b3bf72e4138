package graph

import (
	"fmt"
	"slices"
	"sync"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Variable is a named array that outlives graphs: a weight, a running
// statistic, an optimiser's moment. It lives in one place, at first in host
// memory, then in a buffer of the device that last ran a program with it.
//
// Value and Set may be called at any time but while a program that assigns the
// variable runs.
type Variable struct {
	name      string
	dtype     tensor.DType
	shape     []int
	trainable bool

	mu     sync.Mutex
	host   *tensor.Tensor // while device is nil
	device chip.Device
	buffer chip.Buffer
}

// NewVariable makes a variable that starts as t and takes it over: t belongs to
// it from then on.
func NewVariable(name string, t *tensor.Tensor, trainable bool) *Variable {
	return &Variable{name: name, dtype: t.DType(), shape: slices.Clone(t.Shape()), trainable: trainable, host: t}
}

// Name returns the name, such as "block1/conv/weight".
func (v *Variable) Name() string { return v.name }

// DType returns the element type.
func (v *Variable) DType() tensor.DType { return v.dtype }

// Shape returns the dimensions; the caller must not change them.
func (v *Variable) Shape() []int { return v.shape }

// Trainable reports whether optimisers update the variable.
func (v *Variable) Trainable() bool { return v.trainable }

// Len returns the number of elements.
func (v *Variable) Len() int { return tensor.Size(v.shape) }

// Value returns a copy of the present value.
func (v *Variable) Value() *tensor.Tensor {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.device == nil {
		return v.host.Clone()
	}
	t := tensor.New(v.dtype, v.shape...)
	if err := v.buffer.Read(t.Data()); err != nil {
		panic(fmt.Sprintf("graph: read variable %s: %v", v.name, err)) // type and length match by construction
	}
	return t
}

// Set copies t, which must have the variable's type and shape.
func (v *Variable) Set(t *tensor.Tensor) error {
	if t.DType() != v.dtype || !slices.Equal(t.Shape(), v.shape) {
		return fmt.Errorf("set variable %s (%v%v): value is %v", v.name, v.dtype, v.shape, t)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.device == nil {
		v.host = t.Clone()
		return nil
	}
	return v.buffer.Write(t.Data())
}

// on returns the variable's buffer on dev, moving it there first if needed.
func (v *Variable) on(dev chip.Device) (chip.Buffer, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.device == dev {
		return v.buffer, nil
	}
	src := v.host
	if v.device != nil {
		src = tensor.New(v.dtype, v.shape...)
		if err := v.buffer.Read(src.Data()); err != nil {
			return nil, fmt.Errorf("move variable %s: %w", v.name, err)
		}
	}
	buf, err := bufferOf(src, dev)
	if err != nil {
		return nil, fmt.Errorf("place variable %s: %w", v.name, err)
	}
	if v.device != nil {
		v.buffer.Free()
	}
	v.host, v.device, v.buffer = nil, dev, buf
	return buf, nil
}

// bufferOf makes a buffer that holds t, which is t's own memory where the device
// computes in the host's.
func bufferOf(t *tensor.Tensor, dev chip.Device) (chip.Buffer, error) {
	if w, ok := dev.(chip.Wrapper); ok {
		return w.Wrap(t.Data())
	}
	buf, err := dev.NewBuffer(t.DType(), t.Len())
	if err != nil {
		return nil, err
	}
	return buf, buf.Write(t.Data())
}
