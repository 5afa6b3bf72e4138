package lora

import (
	"fmt"
	"io"
	"strconv"

	"github.com/macaw-ai/macaw/framework/safetensors"
)

// Save writes the adapters alone in the safetensors format; the metadata hold
// rank and alpha.
func (l *Adapters) Save(w io.Writer) error {
	meta := map[string]string{"lora_rank": strconv.Itoa(l.config.Rank), "lora_alpha": strconv.FormatFloat(float64(l.config.Alpha), 'g', -1, 32)}
	return safetensors.Write(w, safetensors.File{Tensors: l.params.Tensors(), Metadata: meta})
}

// Load sets the adapters from what Save wrote. Another rank, another alpha and
// adapters of other variables are errors that leave everything as it was.
func (l *Adapters) Load(r io.Reader) error {
	f, err := safetensors.Read(r)
	if err != nil {
		return fmt.Errorf("load adapters: %w", err)
	}
	alpha, err := strconv.ParseFloat(f.Metadata["lora_alpha"], 32)
	if err != nil {
		return fmt.Errorf("load adapters: the file does not say its alpha")
	}
	if float32(alpha) != l.config.Alpha {
		return fmt.Errorf("load adapters: the file's alpha is %v, not %v", alpha, l.config.Alpha)
	}
	if len(f.Tensors) != len(l.params.Variables()) {
		return fmt.Errorf("load adapters: the file has %d tensors, the adapters %d", len(f.Tensors), len(l.params.Variables()))
	}
	return l.params.Load(f.Tensors)
}
