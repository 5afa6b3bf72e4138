// Command asm writes the assembly kernels of package cpu, and their stubs, to
// the folder that -dir names.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// gen writes one file of kernels.
type gen struct {
	*build.Context
	data map[string]operand.Mem // constants of the file, by name
}

// function begins a leaf function whose arguments do not escape.
func (g gen) function(name string) {
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
}

// files are the outputs, named by what they hold.
var files = []struct {
	name  string
	write func(gen)
}{
	{"tile", tiles},
	{"pack", packs},
	{"probe", probes},
	{"map", elementwise},
	{"math", functions},
	{"row", rows},
	{"column", columns},
	{"update", updates},
	{"pool", pools},
	{"bfloat", bfloats},
	{"int8", integers},
	{"int8winograd", pairWinograds},
}

func main() {
	out := flag.String("dir", ".", "folder to write to")
	flag.Parse()
	for _, f := range files {
		if err := emit(f.write, filepath.Join(*out, "avx2_"+f.name+"_amd64")); err != nil {
			log.Fatal(err)
		}
	}
}

// emit builds one file and prints its assembly and its stubs.
func emit(write func(gen), base string) error {
	g := gen{build.NewContext(), map[string]operand.Mem{}}
	g.ConstraintExpr("amd64,!purego")
	write(g)
	f, err := g.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(f); err != nil {
		return err
	}
	cfg := printer.Config{Argv: []string{"go", "run", "./asm"}, Pkg: "cpu"}
	for ext, p := range map[string]printer.Printer{".s": printer.NewGoAsm(cfg), ".go": printer.NewStubs(cfg)} {
		text, err := p.Print(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(base+ext, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
