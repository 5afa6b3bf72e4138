package main

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/macaw-ai/macaw/framework/tensor"
)

const (
	rate   = 16000
	window = 512 // samples that one probability is for
	before = 64  // samples of the window before that go with it
)

// Span is a stretch of speech in seconds.
type Span struct{ From, To float64 }

func printSpeech(model, file string) error {
	sound, err := readWAV(file)
	if err != nil {
		return err
	}
	p, err := speechProbabilities(model, sound)
	if err != nil {
		return err
	}
	list := spans(p)
	for _, s := range list {
		fmt.Printf("speech %6.2f to %6.2f s\n", s.From, s.To)
	}
	if len(list) == 0 {
		fmt.Println("no speech found")
	}
	return nil
}

// speechProbabilities runs Silero VAD over sound, 16 kHz between -1 and 1; its
// state goes from window to window.
func speechProbabilities(model string, sound []float32) ([]float32, error) {
	s, err := open(model)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	state := tensor.New(tensor.Float32, 2, 1, 128)
	padded := append(make([]float32, before), sound...)
	var p []float32
	for at := 0; at+before+window <= len(padded); at += window {
		out, err := s.run(map[string]*tensor.Tensor{
			"input": tensor.Of(padded[at:at+before+window], 1, before+window), "state": state, "sr": tensor.Scalar(int64(rate)),
		})
		if err != nil {
			return nil, err
		}
		if y := out["output"]; y == nil || y.DType() != tensor.Float32 || y.Len() != 1 || out["stateN"] == nil {
			return nil, s.not("Silero VAD")
		}
		p, state = append(p, out["output"].Float32s()[0]), out["stateN"]
	}
	return p, nil
}

// spans joins windows: speech begins above 0.5 and ends after a tenth of a second
// below 0.35; what is shorter than a quarter of a second is none.
func spans(p []float32) []Span {
	seconds := func(i int) float64 { return float64(i) * window / rate }
	var list []Span
	begin, quiet := -1, 0
	for i, v := range append(p, 0, 0, 0, 0) {
		switch {
		case v >= 0.5:
			if quiet = 0; begin < 0 {
				begin = i
			}
		case v < 0.35 && begin >= 0:
			if quiet++; seconds(quiet) >= 0.1 {
				if end := i - quiet + 1; seconds(end-begin) >= 0.25 {
					list = append(list, Span{seconds(begin), seconds(end)})
				}
				begin, quiet = -1, 0
			}
		}
	}
	return list
}

// readWAV reads 16-bit mono sound at 16 kHz.
func readWAV(file string) ([]float32, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(raw) < 12 || string(raw[:4]) != "RIFF" || string(raw[8:12]) != "WAVE" {
		return nil, fmt.Errorf("%s is no WAV file", file)
	}
	fine := false
	for at := 12; at+8 <= len(raw); {
		size := int(binary.LittleEndian.Uint32(raw[at+4:]))
		body := raw[at+8 : min(len(raw), at+8+size)]
		switch string(raw[at : at+4]) {
		case "fmt ":
			if len(body) < 16 {
				return nil, fmt.Errorf("%s ends too early", file)
			}
			fine = binary.LittleEndian.Uint16(body) == 1 && binary.LittleEndian.Uint16(body[2:]) == 1 &&
				binary.LittleEndian.Uint32(body[4:]) == rate && binary.LittleEndian.Uint16(body[14:]) == 16
		case "data":
			if !fine {
				return nil, fmt.Errorf("%s must be 16-bit mono PCM at %d Hz", file, rate)
			}
			sound := make([]float32, len(body)/2)
			for i := range sound {
				sound[i] = float32(int16(binary.LittleEndian.Uint16(body[2*i:]))) / 32768
			}
			return sound, nil
		}
		at += 8 + size + size%2
	}
	return nil, fmt.Errorf("%s holds no sound", file)
}
