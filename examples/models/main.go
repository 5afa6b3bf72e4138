// Models runs networks that others trained and made public as ONNX files, with
// what has to happen before and after them:
//
//	go run ./examples/models faces   yunet_n_dynamic.onnx photo.jpg out.png
//	go run ./examples/models objects FastestDet.onnx photo.jpg out.png
//	go run ./examples/models speech  silero_vad_16k_op15.onnx speech.wav
//	go run ./examples/models text    folder-of-PP-OCRv4 photo.jpg out.png
//
// It prints what was found and, for pictures, draws the boxes into out.png.
package main

import (
	"fmt"
	"image"
	_ "image/jpeg"
	"image/png"
	"os"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/onnx"
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
		return fmt.Errorf("usage: models faces|objects|text MODEL PICTURE OUT.png, or models speech MODEL SOUND.wav")
	}
	img, err := readImage(args[2])
	if err != nil {
		return err
	}
	found, err := find[args[0]](args[1], img)
	if err != nil {
		return err
	}
	for _, f := range found {
		fmt.Println(f)
	}
	return writePNG(args[3], drawn(img, found))
}

// open makes a session of the model in file.
func open(file string) (*onnx.Session, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, err := onnx.Unmarshal(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return onnx.NewSession(m, cpu.New(cpu.Options{}))
}

func readImage(file string) (image.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return img, nil
}

func writePNG(file string, img image.Image) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
