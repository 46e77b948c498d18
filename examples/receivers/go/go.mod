module timers.example/receiver

go 1.21
