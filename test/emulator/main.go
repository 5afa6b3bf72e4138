// Command emulator runs a static program, such as a Go test binary, on an
// emulated processor, and exits as it does:
//
//	CGO_ENABLED=0 go test -c -o /tmp/cpu.test ./chip/cpu
//	go run ./test/emulator -kernel vmlinuz /tmp/cpu.test -test.run Tile
//
// The processor is one of Bochs's models; the default has AVX-512 with its
// int8 products. Needs Debian's bochs, bochs-term, bochsbios, vgabios, xorriso,
// isolinux and syslinux-common, and a Linux kernel.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if os.Getpid() == 1 {
		runInside()
		return
	}
	kernel := flag.String("kernel", "", "compressed Linux kernel")
	model := flag.String("cpu", "corei7_skylake_x", "Bochs's name of the processor")
	memory := flag.Int("memory", 1024, "MiB of the machine")
	flag.Parse()
	log.SetFlags(0)
	if flag.NArg() == 0 {
		log.Fatal("usage: emulator -kernel VMLINUZ [-cpu MODEL] PROGRAM [ARGUMENT...]")
	}
	code, err := emulate(*kernel, *model, *memory, flag.Arg(0), flag.Args()[1:])
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// emulate boots a machine that runs the program, copies its console to
// standard output and returns the program's exit code.
func emulate(kernel, model string, memory int, program string, args []string) (int, error) {
	dir, err := os.MkdirTemp("", "emulator")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.Mkdir(filepath.Join(dir, "cd"), 0o755); err != nil {
		return 0, err
	}
	var env []string
	for _, e := range os.Environ() {
		if strings.HasPrefix(e, "MACAW_CPU=") {
			env = append(env, e)
		}
	}
	if err := memoryDisk(filepath.Join(dir, "cd", "disk"), program, job{args, env}); err != nil {
		return 0, err
	}
	cd, err := image(dir, kernel)
	if err != nil {
		return 0, err
	}
	console, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer console.Close()
	config := fmt.Sprintf(`display_library: term
config_interface: textconfig
cpu: model=%s, count=1, ips=200000000, reset_on_triple_fault=0
memory: guest=%d, host=%d
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=%q, status=inserted
boot: cdrom
clock: sync=none, time0=local
log: %q
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
com1: enabled=1, mode=socket-client, dev=%q
sound: driver=dummy
speaker: enabled=1, mode=none
`, model, memory, memory, cd, filepath.Join(dir, "log"), console.Addr().String())
	rc := filepath.Join(dir, "bochsrc")
	if err := os.WriteFile(rc, []byte(config), 0o644); err != nil {
		return 0, err
	}
	start := filepath.Join(dir, "start") // Debian's build waits in its debugger
	if err := os.WriteFile(start, []byte("continue\n"), 0o644); err != nil {
		return 0, err
	}
	bochs := exec.Command("bochs-bin", "-q", "-f", rc, "-rc", start)
	bochs.Env = append(os.Environ(), "TERM=vt100")
	screen, err := os.Create(filepath.Join(dir, "screen"))
	if err != nil {
		return 0, err
	}
	bochs.Stdout, bochs.Stderr = screen, screen
	if err := bochs.Start(); err != nil {
		return 0, err
	}
	defer bochs.Process.Kill()
	code, err := follow(console)
	if err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "log"))
		shown, _ := os.ReadFile(filepath.Join(dir, "screen"))
		return 0, fmt.Errorf("%w\n%s\n%q", err, text, shown)
	}
	return code, nil
}

// follow copies what the machine writes up to its last line.
func follow(console net.Listener) (int, error) {
	c, err := console.Accept()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		var code int
		if _, err := fmt.Sscanf(line, verdict+" %d", &code); err == nil {
			return code, nil
		}
		fmt.Print(strings.ReplaceAll(line, "\r", ""))
		if err != nil {
			return 0, fmt.Errorf("the machine ended early: %w", err)
		}
	}
}
