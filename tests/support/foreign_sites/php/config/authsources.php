<?php

// The one service provider of the site. What its operator has chosen stands in the JSON file, by SimpleSAMLphp's names.
$site = json_decode(file_get_contents(getenv('FOREIGN_SITE')), true);

$metadata = [];
if (file_exists($site['folder'] . '/published/saml20-idp-remote.php')) {
    require $site['folder'] . '/published/saml20-idp-remote.php';
}

$config = [
    'default-sp' => [
        'saml:SP',
        'entityID' => null,
        'idp' => array_key_first($metadata),
        'privatekey' => 'sp.key',
        'certificate' => 'sp.crt',
    ] + $site['choices'],
];
