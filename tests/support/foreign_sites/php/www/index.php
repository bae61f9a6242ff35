<?php

// A page for who is logged in, as SimpleSAMLphp's manual shows one: all that the site learns, as JSON.
require '/usr/share/simplesamlphp/lib/_autoload.php';

$login = new \SimpleSAML\Auth\Simple('default-sp');
$login->requireAuth();
$nameId = $login->getAuthData('saml:sp:NameID');

header('Content-Type: application/json; charset=utf-8');
echo json_encode([
    'name_id' => $nameId->getValue(),
    'name_id_format' => $nameId->getFormat(),
    'name_qualifier' => $nameId->getNameQualifier(),
    'sp_name_qualifier' => $nameId->getSPNameQualifier(),
    'context' => $login->getAuthData('saml:sp:AuthnContext'),
    'session_index' => $login->getAuthData('saml:sp:SessionIndex'),
    'attributes' => (object) $login->getAttributes(),
], JSON_THROW_ON_ERROR);
