package model_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
)

// A model of one column is packaged, registered and asked.
func Example() {
	home, err := os.MkdirTemp("", "macaw")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	st, err := store.Open(home)
	if err != nil {
		panic(err)
	}
	defer st.Close()

	b := onnx.NewBuilder("rent")
	price := b.Op("Mul", nil, b.Input("rooms", tensor.Float32, "N", 1), b.Float(300))
	b.Output(model.OutputPrediction, price, tensor.Float32, "N", 1)
	card := model.Card{Name: "rent", Task: model.TabularRegression,
		Inputs: []model.Input{{Name: "rooms", Kind: model.KindNumber, Column: "Rooms"}}}

	dir := filepath.Join(home, "tmp", "rent")
	if err := model.Write(dir, b.Model(), card); err != nil {
		panic(err)
	}
	registry := model.NewRegistry(st)
	ref, err := registry.Register(context.Background(), dir, card)
	if err != nil {
		panic(err)
	}
	pkg, err := registry.Open(context.Background(), "rent") // the newest version
	if err != nil {
		panic(err)
	}
	predictor, err := model.NewPredictor(pkg, cpu.New(cpu.Options{}))
	if err != nil {
		panic(err)
	}
	defer predictor.Close()
	answers, err := predictor.Predict(context.Background(), []model.Sample{
		{Row: map[string]string{"Rooms": "2.5", "City": "Bonn"}},
		{Row: map[string]string{"City": "Bonn"}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(ref, answers[0].Value)
	fmt.Println(answers[1].Err)
	// Output:
	// rent@1 750
	// the row has no value for any of the model's columns (Rooms)
}
