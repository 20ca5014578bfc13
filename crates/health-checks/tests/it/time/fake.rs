//! SNTP servers that are honest, or not.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Seconds from 1900 to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// What a server does with a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answers {
    /// With a clock that is ahead by these milliseconds.
    Ahead(i64),
    Kiss([u8; 4]),
    Unsynchronised,
    Silent,
    Garbage,
    WrongOrigin,
    /// Honest, though not from the address that was asked.
    FromElsewhere,
    /// Garbage, a lie by hours with the wrong origin, and then an honest answer.
    AfterStrays,
    /// As much garbage as it can send in a while.
    Flood,
}

/// A server on loopback, until it is dropped.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    asked: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    pub(super) fn start(answers: Answers) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let (asked, over) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (count, end) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 512];
            loop {
                let (length, client) = socket.recv_from(&mut buffer).unwrap();
                if end.load(Ordering::SeqCst) {
                    return;
                }
                assert_eq!(length, 48);
                count.fetch_add(1, Ordering::SeqCst);
                answer(answers, &socket, client, buffer.first_chunk().unwrap());
            }
        });
        Self {
            address,
            asked,
            over,
            thread: Some(thread),
        }
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.send_to(&[0], self.address).unwrap();
        // What went wrong in it has failed the test already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn answer(answers: Answers, socket: &UdpSocket, client: SocketAddr, request: &[u8; 48]) {
    // The client may be gone.
    let send = |datagram: &[u8]| drop(socket.send_to(datagram, client));
    let wrong_origin = |ahead_ms| {
        let mut packet = packet(request, ahead_ms);
        packet[31] ^= 1;
        packet
    };
    match answers {
        Answers::Ahead(ahead_ms) => send(&packet(request, ahead_ms)),
        Answers::Kiss(code) => {
            let mut packet = packet(request, 0);
            packet[0] |= 0b11 << 6;
            packet[1] = 0;
            packet[12..16].copy_from_slice(&code);
            send(&packet);
        }
        Answers::Unsynchronised => {
            let mut packet = packet(request, 0);
            packet[0] |= 0b11 << 6;
            send(&packet);
        }
        Answers::Silent => {}
        Answers::Garbage => send(b"no time at all"),
        Answers::WrongOrigin => send(&wrong_origin(0)),
        Answers::FromElsewhere => {
            let elsewhere = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            elsewhere.send_to(&packet(request, 0), client).unwrap();
        }
        Answers::AfterStrays => {
            send(b"");
            send(&[0xff; 400]);
            send(&wrong_origin(7_200_000));
            send(&packet(request, 0));
        }
        Answers::Flood => {
            for _ in 0..10_000 {
                send(&[0xff; 48]);
            }
        }
    }
}

fn packet(request: &[u8; 48], ahead_ms: i64) -> [u8; 48] {
    let ahead = Duration::from_millis(ahead_ms.unsigned_abs());
    let now = match ahead_ms {
        ..0 => SystemTime::now() - ahead,
        0.. => SystemTime::now() + ahead,
    };
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seconds = (now.as_secs() + NTP_TO_UNIX) & u64::from(u32::MAX);
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    let time = (seconds << 32 | fraction).to_be_bytes();
    let mut packet = [0; 48];
    packet[..4].copy_from_slice(&[0b00_100_100, 2, 6, 0xec]);
    packet[24..32].copy_from_slice(request.last_chunk::<8>().unwrap());
    packet[32..40].copy_from_slice(&time);
    packet[40..48].copy_from_slice(&time);
    packet
}
