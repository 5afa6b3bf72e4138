//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// machine is a machine of Bochs.
type machine struct {
	kernel, model string
	memory        int // MiB
}

// settings of Bochs. The serial console is a connection to a port of ours: a
// file would be written in pieces of some kilobytes.
const settings = `cpu: model=%s, count=1, ips=100000000
memory: guest=%d, host=%d
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=%q, status=inserted
boot: cdrom
com1: enabled=1, mode=socket-client, dev=%q
clock: sync=none
display_library: term
config_interface: textconfig
sound: driver=dummy
speaker: enabled=1, mode=none
log: %q
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
`

// run boots the machine, copies its console to standard output and returns the
// program's exit code.
func (m machine) run(ctx context.Context, program string, j job) (int, error) {
	dir, err := os.MkdirTemp("", "emulator")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	cd, err := image(dir, m.kernel, program, j)
	if err != nil {
		return 0, err
	}
	console, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer console.Close()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"settings": fmt.Sprintf(settings, m.model, m.memory, m.memory, cd, console.Addr(), file("log")),
		"commands": "continue\n", // Debian's build waits in its debugger
	} {
		if err := os.WriteFile(file(name), []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	on, off := context.WithCancel(ctx)
	defer off()
	bochs := exec.CommandContext(on, "bochs-bin", "-q", "-f", file("settings"), "-rc", file("commands"))
	bochs.Env = append(os.Environ(), "TERM=vt100")
	var screen strings.Builder
	bochs.Stdout, bochs.Stderr = &screen, &screen
	if err := bochs.Start(); err != nil {
		return 0, err
	}
	type ending struct {
		code int
		err  error
	}
	ended := make(chan ending, 1)
	go func() {
		code, err := follow(console, os.Stdout)
		ended <- ending{code, err}
		off()
	}()
	err = bochs.Wait()
	console.Close()
	end := <-ended
	if end.err != nil {
		text, _ := os.ReadFile(file("log"))
		return 0, fmt.Errorf("no exit code: %w, Bochs %w, %v\n%s\n%s", end.err, err, ctx.Err(), screen.String(), text)
	}
	return end.code, nil
}

// follow copies what the machine writes up to the line with the exit code.
func follow(console net.Listener, to io.Writer) (int, error) {
	c, err := console.Accept()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		var code int
		if _, err := fmt.Sscanf(line, verdict+" %d", &code); err == nil {
			return code, nil
		}
		if _, err := io.WriteString(to, strings.ReplaceAll(line, "\r", "")); err != nil {
			return 0, err
		}
		if err != nil {
			return 0, err
		}
	}
}
