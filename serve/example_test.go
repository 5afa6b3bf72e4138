package serve_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/serve"
)

// A package in a folder is served without a registry until the context ends.
func Example() {
	dir, err := os.MkdirTemp("", "rent")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	b := onnx.NewBuilder("rent")
	price := b.Op("Mul", nil, b.Input("rooms", tensor.Float32, "N", 1), b.Float(300))
	b.Output(model.OutputPrediction, price, tensor.Float32, "N", 1)
	card := model.Card{Name: "rent", Version: 1, Task: model.TabularRegression,
		Inputs: []model.Input{{Name: "rooms", Kind: model.KindNumber, Column: "Rooms"}}}
	if err := model.Write(dir, b.Model(), card); err != nil {
		panic(err)
	}

	ctx, stop := context.WithCancel(context.Background())
	server, err := serve.New(serve.Options{
		Addr: "127.0.0.1:0", Models: []string{dir}, Device: cpu.New(cpu.Options{}), Log: slog.New(slog.DiscardHandler),
		Started: func(addr net.Addr) {
			go func() {
				defer stop()
				defer http.DefaultClient.CloseIdleConnections()
				resp, err := http.Post("http://"+addr.String()+"/predict", "application/json", strings.NewReader(`{"Rooms": 2.5}`))
				if err != nil {
					panic(err)
				}
				defer resp.Body.Close()
				io.Copy(os.Stdout, resp.Body)
			}()
		},
	}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println("stopped:", server.Run(ctx))
	// Output:
	// {"model":"rent@1","prediction":750}
	// stopped: <nil>
}
