// Command asm writes the assembly kernels of package cpu, and their stubs, to
// the folder that -dir names.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// gen writes one file of kernels.
type gen struct {
	*build.Context
	set  set
	data map[string]operand.Mem // constants of the file, by name
	held *holding
}

// function begins a leaf function whose arguments do not escape; the name gets
// the set's suffix.
func (g gen) function(name string) string {
	name += g.set.suffix
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	clear(g.held.regs)
	return name
}

// files are the outputs, named by what they hold.
var files = []struct {
	name  string
	write func(gen)
	only  *set // nil for each set
}{
	{"tile", tiles, nil},
	{"pack", packs, nil},
	{"probe", probes, nil},
	{"map", elementwise, nil},
	{"math", functions, nil},
	{"row", rows, nil},
	{"dots", dots, nil},
	{"column", columns, nil},
	{"update", updates, nil},
	{"pool", pools, nil},
	{"bfloat", bfloats, nil},
	{"winograd", winograds, &avx2},
	{"bfloattile", bfloatTiles, &avx512},
	{"int8", integers, nil},
	{"int8winograd", intWinograds, nil},
}

func main() {
	out := flag.String("dir", ".", "folder to write to")
	flag.Parse()
	for _, s := range []set{avx2, avx512} {
		for _, f := range files {
			if f.only != nil && *f.only != s {
				continue
			}
			if err := emit(s, f.write, filepath.Join(*out, s.name+"_"+f.name+"_amd64")); err != nil {
				log.Fatal(err)
			}
		}
	}
}

// highRegister matches the vector registers that AVX2 does not have; the
// allocator takes them when a function needs more than sixteen.
var highRegister = regexp.MustCompile(`\b[XY](1[6-9]|2\d|3[01])\b`)

// emit builds one file and prints its assembly and its stubs.
func emit(s set, write func(gen), base string) error {
	g := gen{build.NewContext(), s, map[string]operand.Mem{}, newHolding()}
	g.ConstraintExpr("amd64,!purego")
	write(g)
	f, err := g.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(f); err != nil {
		return err
	}
	encode(f)
	cfg := printer.Config{Argv: []string{"go", "run", "./asm"}, Pkg: "cpu"}
	for ext, p := range map[string]printer.Printer{".s": printer.NewGoAsm(cfg), ".go": printer.NewStubs(cfg)} {
		text, err := p.Print(f)
		if err != nil {
			return err
		}
		if r := highRegister.Find(text); s == avx2 && r != nil {
			return fmt.Errorf("%s: register %s is one of AVX-512: a function keeps too much in registers", base, r)
		}
		if err := os.WriteFile(base+ext, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
