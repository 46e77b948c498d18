/**
 * Ports of services that an HTTP request could harm: the bad ports of the Fetch standard
 * (https://fetch.spec.whatwg.org/#port-blocking), and those of databases, caches, brokers and control planes.
 */
export const DEFAULT_DENIED_PORTS: readonly number[] = [
  // Fetch standard.
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
  // Remote access and files: SMB, rsync, RDP, VNC.
  445, 873, 3389, 5900,
  // Databases: SQL Server, Oracle, MySQL, PostgreSQL and PgBouncer, CouchDB, Cassandra, ClickHouse, MongoDB, Elasticsearch.
  1433,
  1521, 3306, 5432, 6432, 5984, 9000, 9042, 9200, 9300, 27017, 27018, 27019,
  // Caches and brokers: Redis, memcached, AMQP, NATS, Kafka, MQTT.
  6379, 6380, 11211, 1883, 4222, 5671, 5672, 6222, 8883, 9092,
  // Control planes: ZooKeeper, Docker, etcd, Consul, Kubernetes API and kubelet.
  2181, 2375, 2376, 2379, 2380, 8500, 6443, 10250, 10255,
];
