//! MySQL and MariaDB: real MariaDB servers, a real replica. MySQL itself is not in Debian.

mod check;
mod leaks;
mod mariadb;
mod outage;
