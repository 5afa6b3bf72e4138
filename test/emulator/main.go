//go:build linux

// Command emulator runs a static program, such as a Go test binary, on an
// emulated processor and exits as the program does:
//
//	CGO_ENABLED=0 go test -c -o cpu.test ./chip/cpu
//	CGO_ENABLED=0 go build -o emulator ./test/emulator
//	MACAW_CPU=avx512 ./emulator -kernel vmlinuz ./cpu.test -test.v -test.run Twins
//
// It boots Linux on a machine of the emulator Bochs, from a CD of the kernel
// and a memory disk, which holds the program and this command as the first
// process. Booting takes about half a minute; programs run some hundred times
// slower than on a processor. The program sees the environment variables that
// begin with MACAW_, and nothing else of this machine.
//
// Needs Debian's bochs, bochs-term, bochsbios, vgabios, xorriso, isolinux and
// syslinux-common, and a kernel, such as the one of linux-image-cloud-amd64.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	if os.Getpid() == 1 {
		runInside()
		return
	}
	kernel := flag.String("kernel", "", "file of a Linux kernel")
	model := flag.String("cpu", "corei7_skylake_x", "Bochs's name of a processor; this one has AVX-512 F, CD, BW, DQ and VL, corei7_icelake_u VNNI too")
	memory := flag.Int("memory", 1024, "MiB of memory")
	limit := flag.Duration("limit", time.Hour, "how long the machine may run")
	flag.Parse()
	if *kernel == "" || flag.NArg() == 0 {
		log.Fatal("usage: emulator -kernel FILE [-cpu MODEL] [-memory MIB] [-limit TIME] PROGRAM [ARGUMENT...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	j := job{Args: flag.Args()[1:]}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "MACAW_") {
			j.Env = append(j.Env, v)
		}
	}
	code, err := machine{*kernel, *model, *memory}.run(ctx, flag.Arg(0), j)
	if err != nil {
		log.Fatal("emulator: ", err)
	}
	os.Exit(code)
}
