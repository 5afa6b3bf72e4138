// Models runs networks that others trained and made public as ONNX files, with
// what has to happen before and after them:
//
//	go run ./examples/models faces   yunet_n_dynamic.onnx photo.jpg out.png
//	go run ./examples/models objects FastestDet.onnx photo.jpg out.png
//	go run ./examples/models speech  silero_vad_16k_op15.onnx speech.wav
//	go run ./examples/models text    folder-of-PP-OCRv4 photo.jpg out.png
//
// It prints what was found and, for pictures, draws it into out.png.
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/atomicfile"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 3 && args[0] == "speech" {
		return printSpeech(args[1], args[2])
	}
	find := map[string]func(model string, img image.Image) ([]Found, error){"faces": findFaces, "objects": findObjects, "text": findText}
	if len(args) != 4 || find[args[0]] == nil {
		return errors.New("usage: models faces|objects|text MODEL PICTURE OUT.png, or models speech MODEL SOUND.wav")
	}
	img, err := readImage(args[2])
	if err != nil {
		return err
	}
	if err := checkOut(args[3]); err != nil {
		return err
	}
	found, err := find[args[0]](args[1], img)
	if err != nil {
		return err
	}
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) == 0 {
		fmt.Println("nothing found")
	}
	out, err := drawn(img, found)
	if err != nil {
		return err
	}
	return atomicfile.Write(args[3], func(w io.Writer) error { return png.Encode(w, out) })
}

// network is a model from a file.
type network struct {
	*onnx.Session
	file string
}

// open makes a session of the model in file.
func open(file string) (*network, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, err := onnx.Unmarshal(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is no ONNX model: %w", file, err)
	}
	s, err := onnx.NewSession(m, cpu.New(cpu.Options{}))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be run: %w", file, err)
	}
	return &network{s, file}, nil
}

// run gives the outputs for inputs by name.
func (n *network) run(inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	out, err := n.Run(context.Background(), inputs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.file, err)
	}
	return out, nil
}

// runOne gives the first output for the only input.
func (n *network) runOne(x *tensor.Tensor) (*tensor.Tensor, error) {
	out, err := n.run(map[string]*tensor.Tensor{n.Inputs()[0].Name: x})
	if err != nil {
		return nil, err
	}
	return out[n.Outputs()[0].Name], nil
}

// not says that the model is of another kind.
func (n *network) not(kind string) error { return fmt.Errorf("%s is no %s model", n.file, kind) }

func readImage(file string) (image.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s is no JPEG or PNG picture: %w", file, err)
	}
	return img, nil
}

// checkOut finds out early that a picture cannot be written.
func checkOut(file string) error {
	if !strings.EqualFold(filepath.Ext(file), ".png") {
		return fmt.Errorf("the picture to write must be called something.png, not %s", file)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s to write %s to", filepath.Dir(file), filepath.Base(file))
	}
	return nil
}
