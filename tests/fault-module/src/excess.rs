//! What a module takes too much of: its process's pipes, memory, and processes.

/// Writes 256 MiB to stdout and stderr.
pub(crate) fn flood() {
    let line = [b'x'; 1 << 16];
    for fd in [1, 2] {
        for _ in 0..2048 {
            // SAFETY: a system call on bytes that live.
            unsafe { libc::write(fd, line.as_ptr().cast(), line.len()) };
        }
    }
}

/// Writes nonsense to every pipe of the process: what is read there is no frame.
pub(crate) fn garbage() {
    for fd in 3..64 {
        let target = std::fs::read_link(format!("/proc/self/fd/{fd}"));
        if target.is_ok_and(|path| path.to_string_lossy().starts_with("pipe:")) {
            // SAFETY: a system call on bytes that live.
            unsafe { libc::write(fd, b"\xff\xff\xff\xff nonsense".as_ptr().cast(), 13) };
        }
    }
}

/// Takes memory, and touches it, until there is no more: 64 MiB at a time.
pub(crate) fn gorge() {
    const PIECE: usize = 64 << 20;
    loop {
        // SAFETY: a new piece each time; each of its pages is written to.
        unsafe {
            let piece = libc::malloc(PIECE).cast::<u8>();
            if piece.is_null() {
                libc::abort();
            }
            for page in (0..PIECE).step_by(4096) {
                piece.add(page).write_volatile(1);
            }
        }
    }
}

/// Leaves a process behind that waits for ever.
pub(crate) fn fork() {
    // SAFETY: system calls alone in the child.
    unsafe {
        if libc::fork() == 0 {
            loop {
                libc::pause();
            }
        }
    }
}
