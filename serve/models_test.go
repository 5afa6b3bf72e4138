package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// flowers is a model of a table: big or small by width·2 − 1·(colour is red).
func flowers() (*onnx.Model, model.Card) {
	b := onnx.NewBuilder("flowers")
	width := b.Input("width", tensor.Float32, "N", 1)
	colour := b.Input("colour", tensor.String, "N", 1)
	w := b.Op("Where", nil, b.Op("IsNaN", nil, width), b.Float(0), width)
	red := b.ML("LabelEncoder", onnx.Attrs{"keys_strings": []string{"red"}, "values_floats": []float32{1}, "default_float": float32(0)}, colour)
	z := b.Op("Sub", nil, b.Op("Mul", nil, w, b.Float(2)), red)
	p := b.Op("Sigmoid", nil, z)
	probs := b.Op("Concat", onnx.Attrs{"axis": 1}, p, b.Op("Sub", nil, b.Float(1), p))
	classify(b, probs, "big", "small")
	return b.Model(), model.Card{Name: "flowers", Task: model.TabularClassification, Target: "size", Classes: []string{"big", "small"},
		Inputs: []model.Input{{Name: "width", Kind: model.KindNumber, Column: "Width (cm)"}, {Name: "colour", Kind: model.KindCategory, Column: "colour"}}}
}

// classify adds the outputs of a classification to b.
func classify(b *onnx.Builder, probs string, classes ...string) {
	index := b.Op("ArgMax", onnx.Attrs{"axis": 1, "keepdims": 0}, probs)
	b.Output(model.OutputLabel, b.Op("Gather", nil, b.Const(tensor.Of(classes, len(classes))), index), tensor.String, "N")
	b.Output(model.OutputProbabilities, probs, tensor.Float32, "N", len(classes))
}

// prices is a regression: 3·rooms.
func prices() (*onnx.Model, model.Card) {
	b := onnx.NewBuilder("prices")
	b.Output(model.OutputPrediction, b.Op("Mul", nil, b.Input("rooms", tensor.Float32, "N", 1), b.Float(3)), tensor.Float32, "N", 1)
	return b.Model(), model.Card{Name: "prices", Task: model.TabularRegression,
		Inputs: []model.Input{{Name: "rooms", Kind: model.KindNumber, Column: "rooms"}}}
}

// shades tells bright images from dark ones by their mean.
func shades() (*onnx.Model, model.Card) {
	b := onnx.NewBuilder("shades")
	x := b.Op("Cast", onnx.Attrs{"to": tensor.Float32}, b.Input("image", tensor.Uint8, "N", "H", "W", 1))
	mean := b.Op("ReduceMean", onnx.Attrs{"keepdims": 0}, x, b.Ints(1, 2, 3))
	p := b.Op("Unsqueeze", nil, b.Op("Div", nil, mean, b.Float(255)), b.Ints(1))
	classify(b, b.Op("Concat", onnx.Attrs{"axis": 1}, p, b.Op("Sub", nil, b.Float(1), p)), "bright", "dark")
	return b.Model(), model.Card{Name: "shades", Task: model.ImageClassification, Classes: []string{"bright", "dark"},
		Inputs: []model.Input{{Name: "image", Kind: model.KindImage, Channels: 1}}}
}

// mails says spam of the text "buy now" alone.
func mails() (*onnx.Model, model.Card) {
	b := onnx.NewBuilder("mails")
	v := b.ML("LabelEncoder", onnx.Attrs{"keys_strings": []string{"buy now"}, "values_floats": []float32{0.9}, "default_float": float32(0.2)},
		b.Input("text", tensor.String, "N"))
	p := b.Op("Unsqueeze", nil, v, b.Ints(1))
	classify(b, b.Op("Concat", onnx.Attrs{"axis": 1}, b.Op("Sub", nil, b.Float(1), p), p), "ham", "spam")
	return b.Model(), model.Card{Name: "mails", Task: model.TextClassification, Classes: []string{"ham", "spam"},
		Inputs: []model.Input{{Name: "text", Kind: model.KindText, Column: "body"}}}
}

type build = func() (*onnx.Model, model.Card)

// registryOf makes a home whose registry holds the models, one version for each.
func registryOf(t testing.TB, builds ...build) *model.Registry {
	t.Helper()
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	reg := model.NewRegistry(st)
	for _, build := range builds {
		m, card := build()
		dir, cleanup, err := st.TempDir("m")
		if err != nil {
			t.Fatal(err)
		}
		defer cleanup()
		if err := model.Write(dir, m, card); err != nil {
			t.Fatal(err)
		}
		if _, err := reg.Register(context.Background(), dir, card); err != nil {
			t.Fatal(err)
		}
	}
	return reg
}

// predictorOf opens the model of one build.
func predictorOf(t testing.TB, b build) *model.Predictor {
	t.Helper()
	_, card := b()
	pkg, err := registryOf(t, b).Open(context.Background(), card.Name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := model.NewPredictor(pkg, cpu.New(cpu.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// running is a server on a loopback port.
type running struct {
	url    string
	server *Server
	stop   func() // begins the shutdown
	done   chan error
}

func start(t testing.TB, o Options, reg *model.Registry) *running {
	t.Helper()
	o.Device = cpu.New(cpu.Options{})
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(o, reg)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, s)
}

func run(t testing.TB, s *Server) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{url: "http://" + ln.Addr().String(), server: s, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-r.done:
			if err != nil {
				t.Errorf("Serve = %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the server does not stop")
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

// do sends a request and decodes its JSON answer into a map.
func (r *running) do(t testing.TB, method, path, kind string, body []byte) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(method, r.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(p, &got); err != nil {
			t.Fatalf("%s %s answers %q: %v", method, path, p, err)
		}
	}
	return resp.StatusCode, got
}

// pngOf makes a square image of one grey.
func pngOf(t testing.TB, side int, grey uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{Y: grey}.Y
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
