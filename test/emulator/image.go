//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// kernelParameters quieten the kernel and leave out what takes long. Bochs's
// tables of saved registers know neither the compact form of XSAVEC (CPUID bit
// 321 of Linux) and XSAVES (323) nor protection keys (515, 516), and Linux would
// do without vector registers if it found them wrong. Its later processors have
// fast short moves (580) without fast moves, which Linux takes to imply them.
const kernelParameters = "console=ttyS0 loglevel=1 rdinit=/init panic=-1 clearcpuid=321,323,515,516,580" +
	" mitigations=off nokaslr random.trust_cpu=on lsm= idle=halt"

// image makes a bootable CD in dir: the boot loader isolinux, the kernel and the
// memory disk.
func image(dir, kernel, program string, j job) (string, error) {
	root := filepath.Join(dir, "cd")
	if err := os.Mkdir(root, 0o755); err != nil {
		return "", err
	}
	for to, from := range map[string]string{"vmlinuz": kernel, "isolinux.bin": "/usr/lib/ISOLINUX/isolinux.bin", "ldlinux.c32": "/usr/lib/syslinux/modules/bios/ldlinux.c32"} {
		contents, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(root, to), contents, 0o644); err != nil {
			return "", err
		}
	}
	config := "default linux\nprompt 0\nlabel linux\n kernel /vmlinuz\n append initrd=/disk " + kernelParameters + "\n"
	if err := os.WriteFile(filepath.Join(root, "isolinux.cfg"), []byte(config), 0o644); err != nil {
		return "", err
	}
	disk, err := memoryDisk(program, j)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(root, "disk"), disk, 0o644); err != nil {
		return "", err
	}
	cd := filepath.Join(dir, "cd.iso")
	out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot",
		"-boot-load-size", "4", "-boot-info-table", "-o", cd, root).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("xorriso: %w\n%s", err, out)
	}
	return cd, nil
}

// memoryDisk is the archive that Linux unpacks into memory: this command as
// /init, the program and the job.
func memoryDisk(program string, j job) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var disk bytes.Buffer
	entry(&disk, "dev", 0o040755, 0, nil)
	entry(&disk, "dev/console", 0o020600, 5<<8|1, nil)
	for name, from := range map[string]string{"init": self, "program": program} {
		contents, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		entry(&disk, name, 0o100755, 0, contents)
	}
	order, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	entry(&disk, "job", 0o100644, 0, order)
	entry(&disk, "TRAILER!!!", 0, 0, nil)
	return disk.Bytes(), nil
}

// entry appends a file in the "newc" format: a header of hexadecimal numbers,
// the name and the contents, each filled up to four bytes. The lowest byte of
// device is the minor number, the rest the major one.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
func entry(disk *bytes.Buffer, name string, mode, device int, contents []byte) {
	align := func() {
		for disk.Len()%4 != 0 {
			disk.WriteByte(0)
		}
	}
	const inode, owner, group, links, modified, checksum = 0, 0, 0, 1, 0, 0
	fmt.Fprintf(disk, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", inode, mode, owner, group, links, modified,
		len(contents), 0, 0, device>>8, device&255, len(name)+1, checksum)
	disk.WriteString(name + "\x00")
	align()
	disk.Write(contents)
	align()
}
