package main

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Neither avo nor Go's assembler knows AVX512_BF16. Its instruction is given to
// avo by name, so that its registers are allotted like all others, and is
// written out as bytes in the end.

// VDPBF16PS adds the products of the pairs of bfloat16 in a and b, the second
// ones before the first, to the float32 lanes of sum.
func (g gen) VDPBF16PS(b, a, sum vec) {
	g.Instruction(&ir.Instruction{Opcode: "VDPBF16PS", ISA: []string{"AVX512_BF16"},
		Operands: []operand.Op{b, a, sum}, Inputs: []operand.Op{b, a, sum}, Outputs: []operand.Op{sum}})
}

// encode turns the instructions that the assembler does not know to bytes.
func encode(f *ir.File) {
	for _, fn := range f.Functions() {
		for _, n := range fn.Nodes {
			if i, ok := n.(*ir.Instruction); ok && i.Opcode == "VDPBF16PS" {
				*i = ir.Instruction{Opcode: "LONG", Operands: []operand.Op{encodingOf(i)}}
			}
		}
	}
}

// pairProducts is VDPBF16PS of three 512-bit registers: EVEX.512.F3.0F38.W0 52 /r.
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 2, 2.7.
func pairProducts(operands []operand.Op) (code [6]byte) {
	var id [3]uint8 // b is ModRM.rm, a is EVEX.vvvv, sum is ModRM.reg
	for i, op := range operands {
		id[i] = uint8(op.(reg.Physical).PhysicalIndex())
	}
	b, a, sum := id[0], id[1], id[2]
	bit := func(x uint8, i int) uint8 { return ^x >> i & 1 } // these bits are stored inverted
	return [6]byte{0x62,
		bit(sum, 3)<<7 | bit(b, 4)<<6 | bit(b, 3)<<5 | bit(sum, 4)<<4 | 0b010, // 0F38
		^a&15<<3 | 1<<2 | 0b10, // F3
		0b10<<5 | bit(a, 4)<<3, // 512 bits
		0x52,
		0b11<<6 | sum&7<<3 | b&7}
}

// encoding is an operand that holds a whole instruction, and tells which.
type encoding string

// Asm is the text behind the word LONG.
func (e encoding) Asm() string { return string(e) }

func encodingOf(i *ir.Instruction) encoding {
	code, little := pairProducts(i.Operands), binary.LittleEndian
	names := make([]string, len(i.Operands))
	for k, op := range i.Operands {
		names[k] = op.Asm()
	}
	return encoding(fmt.Sprintf("$%#08x; WORD $%#04x // %s %s", little.Uint32(code[:]), little.Uint16(code[4:]), i.Opcode, strings.Join(names, ", ")))
}
