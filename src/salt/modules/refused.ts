/** Why a render may not call the functions of a module. */
export type Refusal = "host" | "network" | "clock" | "random" | "secret" | "writes";

export const REFUSALS: Readonly<Record<Refusal, string>> = {
  host: "asks or changes the node that runs it, and a render runs on no node",
  network: "reaches the network, and a render reads only the tree",
  clock: "reads the clock, and the same input must give the same output",
  random: "is random, and the same input must give the same output",
  secret: "opens a store of secrets, and a render has no access to one",
  writes: "acts on the minion, and a render only computes",
};

/** Single functions of modules that are otherwise there. */
const FUNCTIONS: Readonly<Record<string, Refusal>> = {
  "test.sleep": "clock",
  "test.rand_sleep": "clock",
  "test.fib": "clock",
  "test.collatz": "clock",
  "test.rand_str": "random",
  "test.random_hash": "random",
  "test.stack": "host",
  "test.provider": "host",
  "test.providers": "host",
  "test.not_loaded": "host",
  "test.module_report": "host",
  "test.versions": "host",
  "test.versions_report": "host",
  "test.versions_information": "host",
  "hashutil.digest_file": "host",
  "hashutil.base64_encodefile": "host",
  "hashutil.base64_decodefile": "writes",
  "pillar.ext": "network",
  "config.gather_bootstrap_script": "network",
  "cp.recv": "writes",
  "cp.recv_chunked": "writes",
  "cp.get_file": "writes",
  "cp.get_dir": "writes",
  "cp.get_template": "writes",
  "cp.cache_dir": "writes",
  "cp.cache_master": "writes",
  "cp.cache_local_file": "host",
  "cp.list_minion": "host",
  "cp.list_master_symlinks": "host",
  "cp.push": "network",
  "cp.push_dir": "network",
  "random.get_str": "random",
  "random.shadow_hash": "random",
  "random.rand_int": "random",
  "random.seed": "random",
  "random.sample": "random",
  "random.shuffle": "random",
};

/** Whole modules. What stands in no other list and is a module of Salt's asks the node. */
const MODULES: readonly (readonly [Refusal, string])[] = [
  [
    "network",
    "http dig dnsutil ddns nagios_rpc network net slack slack_notify smtp sdb_http telegram mattermost msteams google_chat github jira jira_mod " +
      "pagerduty pagerduty_util opsgenie pushover pushover_notify pushbullet victorops twilio twilio_notify xmpp ifttt s3 consul etcd etcd_mod " +
      "elasticsearch influxdb kubernetes kubernetesmod k8s helm jenkins jenkinsmod artifactory nexus statuspage zabbix zenoss publish event peeringdb",
  ],
  ["clock", "status uptime ps timezone schedule at cron"],
  ["random", "random_org"],
  ["secret", "sdb vault nacl cryptdev gpg keyring keychain tls x509 x509_v2 ldap3 saltcloud cloud"],
  ["writes", "state saltutil module cmd cmdmod service pkg user group mount sysctl minion beacons mine_update"],
];

/** Salt 3007.1's execution modules, by file and by virtual name. */
const KNOWN =
  "acl acme aix_group aix_shadow aixpkg aliases alternatives ansible ansiblegate apache apcups apf apkpkg appx aptly aptpkg archive arista_pyeapi " +
  "artifactory assistive at at_solaris auditpol augeas augeas_cfg autoruns aws_sqs bamboohr baredoc bcache beacons bgp bigip bluetooth bluez_bluetooth " +
  "boto3_elasticache boto3_elasticsearch boto3_route53 boto3_sns boto_apigateway boto_asg boto_cfn boto_cloudfront boto_cloudtrail boto_cloudwatch " +
  "boto_cloudwatch_event boto_cognitoidentity boto_datapipeline boto_dynamodb boto_ec2 boto_efs boto_elasticache boto_elasticsearch_domain boto_elb " +
  "boto_elbv2 boto_iam boto_iot boto_kinesis boto_kms boto_lambda boto_rds boto_route53 boto_s3 boto_s3_bucket boto_secgroup boto_sns boto_sqs boto_ssm " +
  "boto_vpc bower bridge bsd_shadow btrfs buildout cabal capirca capirca_acl cassandra_cql celery ceph certutil chassis chef chocolatey chronos chroot " +
  "cimc ciscoconfparse ciscoconfparse_mod cisconso cloud cmd cmdmod composer consul container_resource cpan cron cryptdev csf cyg daemontools " +
  "data datadog datadog_api ddns deb_apache deb_postgres debconf debconfmod debian_ip debian_service debuild_pkgbuild desktop devinfo devmap dig " +
  "disk dism django djangomod dnsmasq dnsutil docker dockercompose dockermod dpkg_lowpkg drac dracr drbd dsc dummyproxy_pkg dummyproxy_service " +
  "ebuildpkg eix elasticsearch environ eselect esxcluster esxdatacenter esxi esxvm etcd etcd_mod ethtool event extfs firewall firewalld fmadm " +
  "freebsd_sysctl freebsd_update freebsdjail freebsdkmod freebsdpkg freebsdports freebsdservice freezer gcp gcp_addon gem genesis gentoo_service " +
  "gentoolkit gentoolkitmod git github glanceng glassfish glusterfs gnome gnomedesktop google_chat gpg grafana4 group groupadd grub grub_legacy " +
  "guestfs hadoop haproxy haproxyconn heat helm hg highstate_doc hosts http hue icinga2 idem ifttt ilo imgadm incron influxdb influxdb08 influxdb08mod " +
  "influxdbmod infoblox ini ini_manage inspector introspect iosconfig ip ipmi ipset iptables iwtools jail jboss7 jboss7_cli jenkins jenkinsmod jira " +
  "jira_mod junos k8s kapacitor kerberos kernelpkg kernelpkg_linux_apt kernelpkg_linux_yum key keyboard keychain keystone keystoneng keystore kmod " +
  "kubeadm kubernetes kubernetesmod launchctl_service layman ldap ldap3 ldapmod lgpo lgpo_reg libcloud_compute libcloud_dns libcloud_loadbalancer " +
  "libcloud_storage license linux_acl linux_ip linux_lvm linux_service linux_shadow linux_sysctl locale localemod locate log logadm logmod logrotate " +
  "lowpkg lvm lvs lxc lxd mac_assistive mac_brew_pkg mac_desktop mac_group mac_keychain mac_pkgutil mac_portspkg mac_power mac_service mac_shadow " +
  "mac_softwareupdate mac_sysctl mac_system mac_timezone mac_user mac_xattr macdefaults macpackage makeconf mandrill marathon mattermost mdadm_raid " +
  "mdata memcached mine minion modjk module mongodb monit moosefs mount mssql msteams munin mysql nacl nagios nagios_rpc namecheap_domains " +
  "namecheap_domains_dns namecheap_domains_ns namecheap_ssl namecheap_users napalm napalm_bgp napalm_formula napalm_mod napalm_netacl napalm_network " +
  "napalm_ntp napalm_probes napalm_route napalm_snmp napalm_users napalm_yang napalm_yang_mod net netacl netaddress netbox netbsd_sysctl netbsdservice " +
  "netmiko netmiko_mod netscaler network neutron neutronng nexus nfs3 nftables nginx nictagadm nilrt_ip nix nova npm nspawn ntp nxos nxos_api " +
  "nxos_upgrade omapi openbsd_sysctl openbsdpkg openbsdrcctl_service openbsdservice openscap openstack_config openstack_mng openvswitch opkg opsgenie " +
  "oracle osquery out pacmanpkg pagerduty pagerduty_util pam panos parallels parted_partition partition pcs pdbedit pecl peeringdb pf philips_hue " +
  "pip pkg pkg_resource pkgbuild pkgin pkgng pkgutil portage_config ports postfix postgres poudriere power powercfg powerpath probes proxy ps " +
  "psget publish puppet purefa purefb pushbullet pushover pushover_notify pw_group pw_user pyeapi pyenv qemu_img qemu_nbd quota rabbitmq raid rallydev " +
  "random_org rbac rbac_solaris rbenv rdp rebootmgr redis redismod reg rest_pkg rest_sample_utils rest_service restartcheck restconf ret rh_ip " +
  "rh_service riak route rpm_lowpkg rpmbuild_pkgbuild rsync runit rvm s3 s6 salt_proxy saltcheck saltcloud saltcloudmod saltutil schedule scp scp_mod " +
  "scsi sdb seed selinux sensehat sensors serverdensity_device service servicenow shadow shortcut slack slack_notify slackware_service smartos_imgadm " +
  "smartos_nictagadm smartos_virt smartos_vmadm smbios smf_service smtp snapper snmp softwareupdate solaris_fmadm solaris_group solaris_shadow " +
  "solaris_system solaris_user solarisipspkg solarispkg solr solrcloud splunk splunk_search sqlite3 ssh ssh_pkg ssh_service state status statuspage " +
  "supervisord suse_apache suse_ip svn swarm swift sys sysbench sysctl sysfs syslog_ng sysmod sysrc system system_profiler systemd_service task " +
  "telegram telemetry temp test_virtual testinfra testinframod textfsm textfsm_mod timezone tls tomcat trafficserver transactional_update travisci " +
  "tuned twilio twilio_notify udev upstart_service uptime user useradd users uwsgi vagrant varnish vault vbox_guest vboxmanage vcenter victorops virt " +
  "virtualenv virtualenv_mod vmadm vmctl vsphere webutil win_appx win_auditpol win_autoruns win_certutil win_dacl win_disk win_dism win_dns_client " +
  "win_dsc win_event win_file win_firewall win_groupadd win_iis win_ip win_lgpo win_lgpo_reg win_license win_network win_ntp win_path win_pkg win_pki " +
  "win_powercfg win_psget win_servermanager win_service win_shadow win_shortcut win_smtp_server win_snmp win_status win_system win_task win_timezone " +
  "win_useradd win_wua win_wusa winrepo wordpress wusa x509 x509_v2 xapi_virt xattr xbpspkg xfs xml xmpp yaml yumpkg zabbix zcbuildout zenoss zfs " +
  "zk_concurrency znc zoneadm zonecfg zookeeper zpool zypperpkg";

/**
 * Why a function of Salt's may not be called, or `undefined` where Salt 3007.1 has no such module (or the module is one that Halite has,
 * and this is none of its functions).
 */
export function refusalOf(name: string): Refusal | undefined {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name];
  const [module = ""] = name.split(".");
  // `file` is Halite's own as far as it only computes; the rest of it is the node's.
  if (module === "file") return "host";
  for (const [refusal, modules] of MODULES) if (hasWord(modules, module)) return refusal;
  return hasWord(KNOWN, module) ? "host" : undefined;
}

function hasWord(list: string, word: string): boolean {
  return /^\w+$/.test(word) && ` ${list} `.includes(` ${word} `);
}
