<?php

// SimpleSAMLphp's settings for a site whose own facts stand in the JSON file that FOREIGN_SITE names.
$site = json_decode(file_get_contents(getenv('FOREIGN_SITE')), true);

$config = [
    'baseurlpath' => $site['origin'] . '/simplesaml/',
    'application' => ['baseURL' => $site['origin']],
    'certdir' => $site['folder'] . '/',
    'loggingdir' => $site['folder'] . '/',
    'datadir' => $site['folder'] . '/',
    'tempdir' => $site['folder'] . '/tmp',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => dirname(__DIR__) . '/metadata']],
    'module.enable' => ['core' => true, 'saml' => true, 'metarefresh' => true],
    'secretsalt' => $site['salt'],
    'auth.adminpassword' => $site['salt'],
    'timezone' => 'UTC',
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\Logger::DEBUG,
    'logging.logfile' => 'simplesamlphp.log',
    'showerrors' => true,
    'errorreporting' => false,
    'debug' => ['saml' => true, 'backtraces' => true, 'validatexml' => true],
    'store.type' => 'phpsession',
    'session.cookie.secure' => true,
    'session.cookie.samesite' => 'None',
    'session.phpsession.savepath' => $site['folder'],
];
