//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// verdict begins the last line of the serial console; the exit code follows.
const verdict = "emulated program ends with"

// job is what the emulated machine runs, as the file /job of its memory disk.
type job struct {
	Args, Env []string
}

// runInside is the first process of the emulated machine: it runs the program,
// says how it ended and switches the machine off.
func runInside() {
	code := 1
	if err := runJob(); err == nil {
		code = 0
	} else if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		fmt.Println(err)
	}
	fmt.Println(verdict, code)
	time.Sleep(time.Second) // the line is on its way, and who reads it ends the machine
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

func runJob() error {
	text, err := os.ReadFile("/job")
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	for path, kind := range map[string]string{"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs", "/tmp": "tmpfs"} {
		if err := os.MkdirAll(path, 0o777); err != nil {
			return err
		}
		if err := syscall.Mount(kind, path, kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", path, err)
		}
	}
	if err := flags(); err != nil {
		return err
	}
	c := exec.Command("/program", j.Args...)
	c.Env = append(j.Env, "HOME=/tmp")
	c.Dir, c.Stdout, c.Stderr = "/tmp", os.Stdout, os.Stderr
	return c.Run()
}

// flags prints the processor and those of its features that tiers ask for.
func flags() error {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "model name":
			fmt.Println(strings.TrimSpace(value))
		case "flags":
			var have []string
			for _, f := range strings.Fields(value) {
				if strings.HasPrefix(f, "avx") || f == "fma" || f == "bmi2" {
					have = append(have, f)
				}
			}
			fmt.Println(strings.Join(have, " "))
			return nil
		}
	}
	return nil
}
